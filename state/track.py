"""Which song a link or a file is: the canonical id that tells duplicates, and the clean link to it.

A link is read by its host and by nothing else. The link that is kept is built anew from what was recognised,
so nothing of a lying one survives; what only serves tracking is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

LONGEST_LINK: Final = 500
"""Characters; real links to a song have at most some 200, tracking included."""


class Platform(StrEnum):
    """Where a song can be; the value is the first part of its canonical id."""

    SOUNDCLOUD = "soundcloud"
    SPOTIFY = "spotify"
    YOUTUBE = "youtube"
    DEEZER = "deezer"
    DITTO = "ditto"
    FILE = "file"


class LinkFault(StrEnum):
    """Why a text cannot stand for a song."""

    NOT_A_LINK = "not_a_link"
    TOO_LONG = "too_long"
    NOT_THE_WEB = "not_the_web"
    DISGUISED = "disguised"
    APPLE = "apple"
    NOT_A_TRACK = "not_a_track"


class LinkRefused(ValueError):
    """The text is no link to one song; `platform` is known when its host was."""

    def __init__(self, fault: LinkFault, platform: Platform | None = None) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.platform = platform


@dataclass(frozen=True, slots=True)
class Track:
    """One song somewhere. `id` is canonical, e.g. `youtube:dQw4w9WgXcQ`; `url` opens it.

    A short link stays `platform:short:code`: what it leads to is known only to its platform.
    """

    platform: Platform
    id: str
    url: str


def parse_link(text: str) -> Track | None:
    """The song a link leads to; None for a sound link to a host that is none of the platforms.

    Raises `LinkRefused` for what is no web link, hides where it leads, belongs to Apple, or leads to
    something else on a platform than one song.
    """
    parts = _split(text)
    host = (parts.hostname or "").removeprefix("www.")
    if host in _APPLE or host.endswith(".apple.com"):
        raise LinkRefused(LinkFault.APPLE)
    known = _HOSTS.get(host)
    if known is None:
        return None
    platform, read = known
    segments = [segment for segment in parts.path.split("/") if segment]
    found = read(host, segments, parse_qs(parts.query, max_num_fields=50))
    if found is None:
        raise LinkRefused(LinkFault.NOT_A_TRACK, platform)
    id_, url = found
    return Track(platform, f"{platform.value}:{id_}", url)


def file_track(sha256: str) -> str:
    """The canonical id of an uploaded file: the first half of its SHA-256 in hex, 128 bits."""
    return f"{Platform.FILE.value}:{sha256[:32]}"


def _split(text: str) -> SplitResult:
    link = text.strip()
    if link.startswith("<") and link.endswith(">"):
        link = link[1:-1]
    if len(link) > LONGEST_LINK:
        raise LinkRefused(LinkFault.TOO_LONG)
    if _WITHOUT_SCHEME.match(link):
        link = f"https://{link}"
    # urlsplit drops some of these silently, and browsers take a backslash for a slash.
    if not link or _NEVER_IN_A_LINK.search(link):
        raise LinkRefused(LinkFault.NOT_A_LINK)
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError as error:
        raise LinkRefused(LinkFault.NOT_A_LINK) from error
    if parts.scheme not in ("http", "https"):
        raise LinkRefused(LinkFault.NOT_THE_WEB if parts.scheme else LinkFault.NOT_A_LINK)
    host = parts.hostname or ""
    if "@" in parts.netloc or port is not None or parts.netloc.endswith(":"):
        raise LinkRefused(LinkFault.DISGUISED)
    # A foreign letter in a host can look like a Latin one, plain or in its xn-- form.
    if not host.isascii() or any(label.startswith("xn--") for label in host.split(".")):
        raise LinkRefused(LinkFault.DISGUISED)
    if not _HOST.fullmatch(host):
        raise LinkRefused(LinkFault.NOT_A_LINK)
    return parts


_NEVER_IN_A_LINK: Final = re.compile(
    r"[\s\x00-\x20\x7f-\xa0\\<>\"\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_WITHOUT_SCHEME: Final = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}/", re.IGNORECASE)
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_APPLE: Final = frozenset({"apple.com", "apple.co", "itun.es"})

_Read = Callable[[str, list[str], dict[str, list[str]]], tuple[str, str] | None]

_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_YOUTUBE_ID: Final = re.compile(r"[A-Za-z0-9_-]{11}")
_YOUTUBE_PAGES: Final = ("shorts", "live", "embed", "v", "e")
_SPOTIFY_ID: Final = re.compile(r"[A-Za-z0-9]{22}")
_DEEZER_ID: Final = re.compile(r"[0-9]{1,15}")
_LANGUAGE: Final = re.compile(r"(?:intl-)?[a-z]{2}(?:-[a-z]{2})?", re.IGNORECASE)
_SOUNDCLOUD_NAME: Final = re.compile(r"[a-z0-9_-]{1,255}")
_SOUNDCLOUD_SECRET: Final = re.compile(r"s-[A-Za-z0-9]{1,40}")
_SOUNDCLOUD_PAGES: Final = frozenset(
    [
        "charts",
        "discover",
        "feed",
        "groups",
        "jobs",
        "messages",
        "mobile",
        "notifications",
        "pages",
        "people",
        "popular",
        "press",
        "search",
        "settings",
        "stations",
        "stream",
        "tags",
        "terms-of-use",
        "upload",
        "you",
    ]
)
_SOUNDCLOUD_LISTS: Final = frozenset(
    [
        "albums",
        "comments",
        "followers",
        "following",
        "likes",
        "popular-tracks",
        "reposts",
        "sets",
        "spotlight",
        "toptracks",
        "tracks",
    ]
)


def _youtube(host: str, path: list[str], query: dict[str, list[str]]) -> tuple[str, str] | None:
    ids: list[str] = []
    if host == "youtu.be":
        ids = path[:1]
    elif path[:1] == ["watch"]:
        ids = query.get("v", [])
    elif len(path) == 2 and path[0] in _YOUTUBE_PAGES:
        ids = path[1:]
    if len(set(ids)) != 1 or not _YOUTUBE_ID.fullmatch(ids[0]):
        return None
    return ids[0], f"https://www.youtube.com/watch?v={ids[0]}"


def _spotify(host: str, path: list[str], query: dict[str, list[str]]) -> tuple[str, str] | None:
    if path and path[0].startswith("intl-") and _LANGUAGE.fullmatch(path[0]):
        path = path[1:]
    if path[:1] == ["embed"]:
        path = path[1:]
    if len(path) != 2 or path[0] != "track" or not _SPOTIFY_ID.fullmatch(path[1]):
        return None
    return path[1], f"https://open.spotify.com/track/{path[1]}"


def _soundcloud(host: str, path: list[str], query: dict[str, list[str]]) -> tuple[str, str] | None:
    # Names are the same in any case; the secret of a private song is not, and belongs to the link.
    names = [name.lower() for name in path[:2]]
    if len(names) != 2 or not all(_SOUNDCLOUD_NAME.fullmatch(name) for name in names):
        return None
    if names[0] in _SOUNDCLOUD_PAGES or names[1] in _SOUNDCLOUD_LISTS:
        return None
    secrets = path[2:] or query.get("secret_token", [])
    if len(secrets) > 1 or any(not _SOUNDCLOUD_SECRET.fullmatch(secret) for secret in secrets):
        return None
    return "/".join(names), "https://soundcloud.com/" + "/".join([*names, *secrets])


def _deezer(host: str, path: list[str], query: dict[str, list[str]]) -> tuple[str, str] | None:
    if len(path) == 3 and _LANGUAGE.fullmatch(path[0]):
        path = path[1:]
    if len(path) != 2 or path[0] != "track" or not _DEEZER_ID.fullmatch(path[1]):
        return None
    number = str(int(path[1]))
    return number, f"https://www.deezer.com/track/{number}"


def _ditto(host: str, path: list[str], query: dict[str, list[str]]) -> tuple[str, str] | None:
    if len(path) != 1 or not _CODE.fullmatch(path[0]):
        return None
    return path[0].lower(), f"https://ditto.fm/{path[0].lower()}"


def _short(host: str, path: list[str], query: dict[str, list[str]]) -> tuple[str, str] | None:
    """A code in the last segment, as in `on.soundcloud.com/Ab12` or `link.deezer.com/s/31xyz`."""
    if not 1 <= len(path) <= 2 or not all(_CODE.fullmatch(segment) for segment in path):
        return None
    return f"short:{path[-1]}", f"https://{host}/{quote('/'.join(path))}"


_HOSTS: Final[dict[str, tuple[Platform, _Read]]] = {
    "youtube.com": (Platform.YOUTUBE, _youtube),
    "m.youtube.com": (Platform.YOUTUBE, _youtube),
    "music.youtube.com": (Platform.YOUTUBE, _youtube),
    "youtube-nocookie.com": (Platform.YOUTUBE, _youtube),
    "youtu.be": (Platform.YOUTUBE, _youtube),
    "open.spotify.com": (Platform.SPOTIFY, _spotify),
    "play.spotify.com": (Platform.SPOTIFY, _spotify),
    "spotify.link": (Platform.SPOTIFY, _short),
    "spotify.app.link": (Platform.SPOTIFY, _short),
    "soundcloud.com": (Platform.SOUNDCLOUD, _soundcloud),
    "m.soundcloud.com": (Platform.SOUNDCLOUD, _soundcloud),
    "on.soundcloud.com": (Platform.SOUNDCLOUD, _short),
    "soundcloud.app.goo.gl": (Platform.SOUNDCLOUD, _short),
    "snd.sc": (Platform.SOUNDCLOUD, _short),
    "deezer.com": (Platform.DEEZER, _deezer),
    "m.deezer.com": (Platform.DEEZER, _deezer),
    "link.deezer.com": (Platform.DEEZER, _short),
    "deezer.page.link": (Platform.DEEZER, _short),
    "dzr.page.link": (Platform.DEEZER, _short),
    "ditto.fm": (Platform.DITTO, _ditto),
}
