"""Messages, their attachments and their components, as the sandbox keeps them."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from sandbox.discord.refusals import Json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.discord.channels import Channel
    from sandbox.discord.members import User

CROSSPOSTED: Final = 1 << 0
SUPPRESS_EMBEDS: Final = 1 << 2
EPHEMERAL: Final = 1 << 6
LOADING: Final = 1 << 7
SUPPRESS_NOTIFICATIONS: Final = 1 << 12
COMPONENTS_V2: Final = 1 << 15

DEFAULT: Final = 0
REPLY: Final = 19
CHAT_INPUT_COMMAND: Final = 20
CONTEXT_MENU_COMMAND: Final = 23
PIN_NOTICE: Final = 6

BUTTON: Final = 2
LINK_STYLE: Final = 5
STRING_SELECT: Final = 3
TEXT_INPUT: Final = 4
SELECTS: Final = frozenset({3, 5, 6, 7, 8})
TEXT_DISPLAY: Final = 10

_RANGE: Final[Json] = {"min_values": 1, "max_values": 1}
_MEDIA: Final[Json] = {"description": None, "spoiler": False}
_SHOWN: Final[dict[int, Json]] = {
    **dict.fromkeys(SELECTS, _RANGE),
    11: _MEDIA,
    12: _MEDIA,
    13: {"spoiler": False},
    14: {"spacing": 1, "divider": True},
    17: {"accent_color": None, "spoiler": False},
}
"""What Discord adds to a component that left it out; for a gallery (12) to each of its items."""


@dataclass(slots=True)
class Upload:
    """A file somebody sends: its name, its bytes and, if it is not to be guessed, its media type."""

    filename: str
    content: bytes
    content_type: str | None = None
    description: str | None = None

    @property
    def media_type(self) -> str | None:
        """The media type given, or guessed from the name."""
        return self.content_type or mimetypes.guess_type(self.filename)[0]


@dataclass(slots=True, eq=False)
class Attachment:
    """A stored file. Its address is signed anew every time it is shown."""

    id: int
    channel_id: int
    filename: str
    content: bytes
    content_type: str | None = None
    description: str | None = None
    ephemeral: bool = False


@dataclass(slots=True, eq=False, repr=False)
class Message:
    """A message. `deleted` ones stay readable for those who hold them, so that a test can look back."""

    id: int
    channel: Channel
    author: User
    at: float
    content: str = ""
    embeds: list[Json] = field(default_factory=list[Any])
    components: list[Json] = field(default_factory=list[Any])
    attachments: list[Attachment] = field(default_factory=list[Attachment])
    flags: int = 0
    type: int = DEFAULT
    tts: bool = False
    nonce: str | int | None = None
    edited_at: float | None = None
    pinned_at: float | None = None
    reference: Message | None = None
    interaction: Json | None = None
    by_application: int | None = None
    mentions: list[User] = field(default_factory=list[Any])
    mention_roles: list[int] = field(default_factory=list[int])
    mention_everyone: bool = False
    reactions: dict[str, set[int]] = field(default_factory=dict[str, set[int]])
    visible_to: int | None = None
    deleted: bool = False
    edits: int = 0

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it still says that the application is thinking."""
        return bool(self.flags & LOADING)

    @property
    def pinned(self) -> bool:
        """Whether it is pinned in its channel."""
        return self.pinned_at is not None

    @property
    def is_notice(self) -> bool:
        """Whether Discord itself wrote it, as it tells of a pin."""
        return self.type == PIN_NOTICE

    @property
    def text(self) -> str:
        """Everything a reader sees as text: content, embeds, text displays; a line each."""
        parts = [self.content, *(part for embed in self.embeds for part in _embed_text(embed))]
        parts += [str(item["content"]) for item in walk(self.components) if item["type"] == TEXT_DISPLAY]
        return "\n".join(part for part in parts if part)

    def __repr__(self) -> str:
        return f"<Message {self.id} by {self.author.name}: {self.text[:80]!r}>"

    def component(self, custom_id: str | None = None, *, label: str | None = None) -> Json | None:
        """Find a button or select by its custom_id or its label, or None."""
        for item in walk(self.components):
            if custom_id is not None and item.get("custom_id") == custom_id:
                return item
            if label is not None and item["type"] == BUTTON and item.get("label") == label:
                return item
        return None

    @property
    def custom_ids(self) -> list[str]:
        """The custom_ids of all its buttons and selects, in order."""
        return [item["custom_id"] for item in walk(self.components) if "custom_id" in item]

    @property
    def labels(self) -> list[str]:
        """The labels of all its buttons, in order."""
        return [
            item["label"]
            for item in walk(self.components)
            if item["type"] == BUTTON and item.get("label") is not None
        ]


def walk(components: Iterable[Json]) -> Iterator[Json]:
    """Go through components and all that is nested in them, in the order of reading."""
    for item in components:
        yield item
        yield from walk(cast("list[Json]", item.get("components") or ()))
        for key in ("accessory", "component"):
            nested = cast("Json | None", item.get(key))
            if nested is not None:
                yield from walk((nested,))


def number(components: list[Json]) -> list[Json]:
    """Copy components and give every one without an id a number, as Discord does."""
    copied = [_copy(item) for item in components]
    taken = {item["id"] for item in walk(copied) if item.get("id")}
    following = 1
    for item in walk(copied):
        if not item.get("id"):
            while following in taken:
                following += 1
            item["id"] = following
            taken.add(following)
    return copied


def _copy(item: Json) -> Json:
    copied = dict(item)
    for key in ("components", "options", "items"):
        if copied.get(key) is not None:
            copied[key] = [_copy(nested) for nested in copied[key]]
    for key in ("accessory", "component", "media", "file"):
        if copied.get(key) is not None:
            copied[key] = _copy(copied[key])
    for item in (copied, *cast("list[Json]", copied.get("items") or ())):
        for key, value in _SHOWN.get(copied.get("type", 0), {}).items():
            if (item is not copied or "items" not in copied) and item.get(key) is None:
                item[key] = value
    return copied


def _embed_text(embed: Json) -> Iterator[str]:
    yield cast("str", (embed.get("author") or {}).get("name") or "")
    yield cast("str", embed.get("title") or "")
    yield cast("str", embed.get("description") or "")
    for entry in cast("list[Json]", embed.get("fields") or ()):
        yield f"{entry['name']}\n{entry['value']}"
    yield cast("str", (embed.get("footer") or {}).get("text") or "")
