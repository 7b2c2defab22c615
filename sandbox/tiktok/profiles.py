"""What a real account carries along with its name: pictures, badges, counts. It gives events their size."""

from __future__ import annotations

import hashlib
from enum import IntEnum
from typing import Final

from sandbox.tiktok.wire import blob, number, text

_HOST: Final = "https://p16-sign-va.tiktokcdn.com/tos-maliva-avt-0068"
_BADGE_SCENES: Final = (10, 8, 6, 1)


class Size(IntEnum):
    """About how many bytes an event of a person has: what a client needs alone, or as seen on real lives."""

    BARE = 0
    USUAL = 1_600
    LARGE = 6_000


def image(seed: str, width: int, addresses: int = 2) -> bytes:
    """Encode an ImageModel with signed addresses of the usual length."""
    key = hashlib.blake2b(f"{seed}:{width}".encode(), digest_size=16).hexdigest()
    urls = b"".join(
        text(
            1,
            f"{_HOST}/{key}~tplv-tiktok-shrink:{width}:{width}.{kind}?lk3s=a5d48078&nonce={1000 + n}"
            f"&refresh_token={key[::-1]}&x-expires=1767225600&x-signature={key[:27]}%3D&shp=a5d48078&shcp=fdd36af4",
        )
        for n, kind in enumerate(("webp", "jpeg", "image", "heic")[:addresses])
    )
    return urls + text(2, f"{width}x{width}/tos-maliva-avt-0068/{key}")


def badge(seed: str, level: int, scene: int) -> bytes:
    """Encode a BadgeStruct of the combined kind, as gifter and fan levels come."""
    log = text(1, "2") + text(2, f"7138381176787570{scene:03d}") + text(5, str(level))
    icon = image(f"badge:{scene}:{level}", 72, 1)
    combine = number(1, 1) + blob(2, icon) + text(4, str(level)) + blob(6, text(1, "#FFFFFF"))
    where = text(
        10, f"aweme://webcast_webview?url=https%3A%2F%2Fwebcast.tiktok.com%2Fbadge%2F{seed}%2F{scene}"
    )
    return (
        number(1, 4)
        + number(2, 20)
        + number(3, scene)
        + where
        + number(11, 1)
        + blob(12, log)
        + blob(23, combine)
    )


def details(user_id: int, budget: int) -> bytes:
    """Encode further fields of a User until about `budget` bytes: pictures first, then badges."""
    seed = str(user_id)
    parts: list[bytes] = []
    room = budget

    def add(part: bytes) -> bool:
        nonlocal room
        if len(part) > room:
            return False
        parts.append(part)
        room -= len(part)
        return True

    add(blob(22, number(1, user_id % 900) + number(2, user_id % 12_000)))
    add(blob(9, image(seed, 100)))
    add(blob(10, image(seed, 720)))
    add(blob(11, image(seed, 1080)))
    for n, scene in enumerate(_BADGE_SCENES * 3):
        if not add(blob(64, badge(seed, 1 + (user_id + n) % 40, scene))):
            break
    for n in range(6):
        if not add(blob(21, image(f"{seed}:{n}", 48, 1))):
            break
    if room > 8:
        parts.append(text(5, ("songs, coffee and late nights. " * (room // 30 + 1))[: room - 5]))
    return b"".join(parts)
