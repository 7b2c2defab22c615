"""The pictures of docs/images. A further one is a line here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shot:
    """A page as somebody sees it.

    `address` has the placeholders of the scene; `size` is in CSS pixels, and `scale` multiplies it. The page
    is taken once `ready`, JavaScript, is true and `first`, too, was done. With `stream` it stands before a
    picture like that of a live; with `dark` whoever looks has asked for dark pages.
    """

    name: str
    address: str
    size: tuple[int, int]
    ready: str = "true"
    first: str = ""
    stream: bool = False
    scale: float = 1.0
    dark: bool = False


DESKTOP, PHONE = (1440, 900), (390, 844)
SAID = "document.querySelectorAll('#log .message').length"
LAYOUTS = {"landscape": (960, 540), "vertical": (450, 800), "bar": (960, 540)}
DRAWN = "document.documentElement?.dataset.revision"
NOTICE = "document.querySelector('.sl-notice:not([hidden])')"
# The address of this run's overlay is nobody's business; the preview tells nothing of its changes.
PREVIEWED = """new Promise((done) => {
    const [address, frame] = [document.getElementById("address"), document.querySelector("iframe")];
    address.value = address.value.replace(/^.*overlay.[^/]+/, "https://overlays.example.org/overlay/…");
    const drawn = () => frame.contentDocument?.documentElement.dataset.revision;
    const look = () => drawn() ? done() : setTimeout(look, 50);
    look();
})"""

SHOTS = (
    Shot("sandbox-desktop", "{page}#person={alice}&channel={submit_your_song}", DESKTOP, SAID),
    Shot("sandbox-phone", "{page}#person={bruno}&channel={song_queue}", PHONE, SAID, scale=2),
    Shot("reviewer-panel", "{page}#person={mia}&channel={song_review}", (1090, 1190), SAID),
    Shot("sandbox-tour", "{tour}", (1440, 1000), SAID),
    Shot("tiktok-panel", "{page}#person={mia}&channel={song_queue}", DESKTOP, SAID),
    Shot("queue-page-desktop", "{queue}", (1280, 830), DRAWN),
    Shot("queue-page-phone", "{queue}", PHONE, DRAWN, scale=2, dark=True),
    *(
        Shot(f"overlay-{view}-{layout}", f"{{overlay}}/{view}?layout={layout}", size, DRAWN, stream=True)
        for view in ("now", "next", "board")
        for layout, size in LAYOUTS.items()
    ),
    Shot("overlay-gift", "{overlay}/../demo/board", LAYOUTS["landscape"], NOTICE, stream=True),
    Shot(
        "overlay-settings",
        "{overlay}/settings",
        (1280, 920),
        "document.querySelector('.state[data-state]')",
        PREVIEWED,
    ),
)

DRAWINGS = ("live-curve",)
"""What the bot itself draws."""
