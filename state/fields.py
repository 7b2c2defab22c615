"""The fields of the hashes and streams in Redis, each with how to read it and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from state.keyspace import Field

_MS: Final = "ms since 1970"
_ID: Final = "Discord id"

SONG: Final = (
    Field("number", "number", "the submission's number; the same as in the key, without the zeros"),
    Field("title", "text", "title as typed or corrected by the artist"),
    Field("artist", "text", "name of the artist as typed; not the Discord account"),
    Field("user", _ID, "account that submitted it"),
    Field("user_name", "text", "what that account was called then"),
    Field(
        "state",
        "word",
        "waiting, pending, held, bumped, playing; or over: played, removed, rejected. With tier, seq, due, "
        "hold and locked it decides in which sorted set the song sits, and where",
    ),
    Field("tier", "label", "tier it is in; for a pending one the tier it claims"),
    Field("claimed", "label", "tier the artist claimed; absent for Free"),
    Field("was_free", "1", "it waited in Free when it claimed, and that place is kept; absent otherwise"),
    Field("seq", "number", "arrival in its tier: the lower, the earlier it plays there"),
    Field("locked", "number", "its place is announced and no later gift jumps it; absent otherwise"),
    Field("due", "turn", "turn (see `now`) in which a bumped song plays; absent otherwise"),
    Field("hold", "number", "arrival among the held songs; absent otherwise"),
    Field(
        "stake",
        "JSON",
        "points that starting it took, to be given back: a list of [sorted set, id, points]; absent for none",
    ),
    Field("link", "URL", "where it can be heard; absent for a file"),
    Field("file", "file name", "name in our own store; absent for a link"),
    Field("file_name", "text", "what the artist called the file"),
    Field("file_size", "bytes", "size of the file"),
    Field("note", "text", "what the artist wants said; absent for nothing"),
    Field("track", "platform:id", "canonical id that tells duplicates; absent when it is not known"),
    Field("luxury", "Luxury Coins", "what its artist paid for its tier from the wallet; absent for none"),
    Field("credit", "TikTok coins", "gifted coins that lifted it; absent for none"),
    Field("gifts", "JSON", "who paid them: list of [user or handle, id, coins]; absent for none"),
    Field("method", "word", "how an approved skip was paid: gift, tip, other"),
    Field("amount", "text", "how much was paid, as the reviewer wrote it"),
    Field("reason", "text", "why it was removed or rejected"),
    Field("barred", "word", "why a rejected one did not go on in Free: limit (of its artist), closed (Free)"),
    Field("turned_down_at", _MS, "when its claimed skip was turned away; it goes on in Free"),
    Field("turned_down_for", "text", "why that was"),
    Field("approved_by", _ID, "reviewer who let a claimed skip in"),
    Field("approved_by_name", "text", "what they were called then"),
    Field("promoted_by", _ID, "who moved it to another tier last"),
    Field("promoted_by_name", "text", "what they were called then"),
    Field("score", "0 to 10", "what the reviewers gave it; absent until then"),
    Field("review_note", "text", "what the reviewers said of it"),
    Field("reviewer", _ID, "who gave score and note last"),
    Field("reviewer_name", "text", "what they were called then"),
    Field("reviewed_at", _MS, "when they did"),
    Field("bookmarked_at", _MS, "when it was bookmarked; absent when it is not"),
    Field("bookmarked_by", _ID, "who did"),
    Field("bookmarked_by_name", "text", "what they were called then"),
    Field("submitted_at", _MS, "when it came in"),
    Field("entered_at", _MS, "when it entered the tier it is in"),
    Field("started_at", _MS, "when it last began to play"),
    Field("ended_at", _MS, "when it was played, removed or rejected"),
    Field("by", _ID, "who moved it last; 0 is the bot"),
    Field("by_name", "text", "what they were called then"),
    Field("at", _MS, "when they did"),
)

NOW: Final = (
    Field("song", "number", "song that plays; absent while none does"),
    Field("title", "text", "its title, for people who look"),
    Field("artist", "text", "its artist, for people who look"),
    Field("since", _MS, "when it began"),
    Field("paid", "songs", "paid songs played since the last Free one: where the pattern of fairness stands"),
    Field("turn", "number", "how many times Next was pressed; a bumped song is due in one of these turns"),
    Field(
        "durations", "seconds, seconds", "lengths of the last 50 reviews, newest first; the base of the ETA"
    ),
    Field("played", "number, number", "the last 25 songs that were played, newest first"),
    Field("mover", _ID, "who moved the stage last"),
    Field("mover_name", "text", "what they were called then"),
    Field("moved", "word", "what they did: next, undo, hold, bump, remove"),
    Field("moved_at", _MS, "when they did"),
)

SETTINGS: Final = (
    Field("paused", "0 or 1", "1: no submissions at all; default 0"),
    Field("closed:<tier>", "0 or 1", "1: that tier takes no submissions; default 0"),
    Field("lock", "0 to 3", "how many announced songs keep their place; default 1"),
    Field("cap", "songs", "most songs that wait; 0, the default, is no limit"),
    Field("limit:0", "songs", "Free songs an artist may have waiting; 0 is no limit, default 1"),
    Field("limit:pending", "songs", "claimed skips an artist may have pending; 0 is no limit, default 3"),
    Field("cooldown", "seconds", "before a played track may come again; 0 is no limit, default 21600"),
    Field(
        "double_press_ms", "ms", "a second Next this soon is a double click; 0 switches it off, default 800"
    ),
    Field(
        "notices",
        "dm, channel, off",
        "where artists are told of their songs; default dm. Who takes no direct messages is told in "
        "`channel:notices`, if there is one",
    ),
    Field("language", "locale", "language of what everybody sees, as Discord writes it; default en"),
    Field("fair:paid", "songs", "so many paid songs, then one Free; 0, the default, is no such pattern"),
    Field("fair:round_robin", "0 or 1", "1: the artists of a tier take turns, one song each; default 0"),
    Field(
        "gift:<tier>",
        "TikTok coins",
        "gifts that lift a song there; 0 is not by gifts, default by rank: 1000, 2000, 4000, 5000, 6000",
    ),
    Field("points:like", "points", "for each like, default 1"),
    Field("points:comment", "points", "for a comment, default 2"),
    Field("points:share", "points", "for a share, default 5"),
    Field("points:follow", "points", "for a follow, default 10"),
    Field("points:subscribe", "points", "for a subscription, default 25"),
    Field("points:submission", "points", "for the first submission of a UTC day, default 10"),
    Field("points:gift_small", "points", "for each coin of a gift below `points:gift_limit`, default 2"),
    Field("points:gift_large", "points", "for each coin of any other, default 1"),
    Field("points:gift_limit", "TikTok coins", "price of one gift from which it is large, default 1000"),
    Field("live_grace", "seconds", "a host away for less goes on with the same session, default 600"),
    Field(
        "price:<tier>", "Luxury Coins", "what that tier costs; 0 is not for coins, default a 20th of its gift"
    ),
    Field("public_page", "0 or 1", "1: whoever has the link may read the queue on the web; default 0"),
    Field("keep_days", "days", "how long Redis keeps a song that ended; 0 is for ever, default 7"),
    Field("role:<what>", _ID, "role for that; `role:reviewer` may review"),
    Field("channel:<what>", _ID, "channel for that"),
)

LADDER: Final = (Field("<tier>", "text", "displayed name of the tier of that label; 0 is Free"),)

DISPLAYS: Final = (
    Field("<kind>", "JSON", "where it stands: {channel, message}, ids as text; message 0: not posted yet"),
)

OVERLAYS: Final = (
    Field(
        "<name>",
        "JSON",
        "{digest: SHA-256 of the secret in the address, hexadecimal; at: ms since 1970, when it was made}",
    ),
)

PAGE: Final = (
    Field("token", "text", "the last word of the link: base32 of 17 random bytes and the guild's id in 8"),
    Field("at", _MS, "when it was made"),
)

CARDS: Final = (
    Field(
        "<kind>:<number>",
        "JSON",
        "kind now_playing or bookmarks, and the song: {channel, message, at, look, digest}. message 0: still "
        "owed; "
        "look struck: crossed out, since it no longer holds; off: Discord refused it",
    ),
)

STATS: Final = (
    Field("plays", "number", "songs of theirs that were played to the end"),
    Field("score:<score>", "number", "how many songs of theirs have that score"),
)

PAINTED: Final = (
    Field("digest", "hash", "of what the message shows; the same again costs no call"),
    Field("file", "file name", "attached to it, empty for none"),
    Field("message", _ID, "message that shows it"),
    Field("channel", _ID, "channel of that message"),
    Field("painting", "number", "token of whoever paints it just now, or died there: it is painted again"),
    Field(
        "late",
        "number",
        "token of whoever painted without the lease, 0 for an answer: it is painted again",
    ),
    Field("at", _MS, "when it was painted; 1.5 s pass before the next edit, whichever process makes it"),
    Field(
        "off", "number", "Discord's code for the refusal that switched the display off; absent while it works"
    ),
    Field("off_at", _MS, "when that was; after 10 minutes it is tried again"),
    Field("told", "code channel", "refusal an owner was told of, so that nobody is told twice"),
)

DECLARED: Final = (
    Field("token", "number", "of the lease under which it was done"),
    Field(
        "late",
        "number",
        "token of a process that did it after its lease had gone: who has a newer one repeats it",
    ),
)

UNDO: Final = (
    Field("stack", "revision,revision", "moves that Undo can take back, oldest first, at most 25"),
    Field(
        "head:<revision>", "JSON", "what lists show of one of them: {revision, kind, song, by, by_name, at}"
    ),
    Field(
        "<revision>",
        "JSON",
        "one of them: {kind, song, by, by_name, at, fields: [[key, field, before, after]], for a Next: "
        "locks, recent, marks (minutes of lives); for a reset of points: taken; where Luxury Coins "
        "moved: wallet; where gifted coins went back: banked}",
    ),
    Field("undone_by", _ID, "who pressed Undo last"),
    Field("undone_by_name", "text", "what they were called then"),
    Field("undone_at", _MS, "when they did"),
)

QUIET: Final = (Field("<user>", _MS, "since when that account wants no notices"),)

TOLD: Final = (
    Field(
        "<kind>",
        _MS,
        "when that was claimed: two (away), next, playing, played, reviewed, removed, rejected, approved, "
        "gifted (lifted by gifts, each time) or back (after a removal that was undone)",
    ),
)

OWED: Final = (
    Field(
        "<song>:<kind>", "claimed, or sending and ms", "claimed: surely not sent; sending: perhaps sent then"
    ),
)

LINKS: Final = (Field("<TikTok id>", _ID, "account that owns the handle"),)

VIEWERS: Final = (Field("<TikTok id>", "text", "the name, without its @"),)

NAMES: Final = (Field("<name>", "TikTok id", "who bears that name, in lower case, or bore it last"),)

AWAITED: Final = (Field("<name>", _ID, "account that is to own the handle of that name, in lower case"),)

SERVED: Final = (
    Field(
        "<tier>:<user>",
        "number number",
        "`seq` (in Free: `number`) and turn at which the artist was last on there; who came by then is next",
    ),
)

TRACKS: Final = (Field("<platform:id>", "12 digits", "song that holds this track in the queue"),)

EVENT: Final = (
    Field("kind", "word", "what was done, see the table of events"),
    Field("at", _MS, "when, by the clock of Redis"),
    Field("by", _ID, "who did it; 0 is the bot"),
    Field("by_name", "text", "what they were called then"),
    Field("song", "number", "the song it was done to; empty for none or many"),
    Field("req", "text", "request that caused it: a Discord interaction id; empty for none"),
    Field("data", "JSON", "the facts of the move, see the table of events"),
    Field(
        "effects",
        "JSON",
        "the exact writes: [type z, h or s; key after the guild; field or member; value, null removed]. "
        "Replaying all of them rebuilds the live state",
    ),
)


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event: what happened, and what its `data` may hold."""

    meaning: str
    data: Mapping[str, str]


_SONG: Final = {"song": "the song as it was left: number, title, artist, user, tier, state, by, at"}
_WALLET: Final = {
    "wallet": "changes of wallets: list of [user, change, cause, balance after]; absent for none"
}
_PROMOTIONS: Final = {
    "promotions": "songs that gifts lifted: list of {song, from, to, coins, "
    "gifts: [[user or handle, id, coins]], by: [TikTok id, name] who gave last}; absent for none"
}
_REASON: Final = {"reason": "why, if it was said"}
_CHANGES: Final = {"changes": "list of [field, before, after]; null is absent"}
_OF: Final = {"of": "revision of the change that this one takes back, if it does"}

EVENTS: Final[Mapping[str, EventKind]] = {
    "submitted": EventKind(
        "a song came in", {**_SONG, **_PROMOTIONS, "points": "what its artist got for it; absent for none"}
    ),
    "next": EventKind(
        "Next was pressed",
        {
            "ended": "song that had played, with `seconds` it took",
            "song": "song that plays now",
            "seconds": "length of the review that ended",
            "stake": "points taken from the artist: list of [sorted set, id, points]",
        },
    ),
    "promoted": EventKind("a song went up", {**_SONG, "from": "label before", "to": "label after"}),
    "demoted": EventKind("a song went down", {**_SONG, "from": "label before", "to": "label after"}),
    "approved": EventKind(
        "a claimed skip was let in", {**_SONG, "method": "how it was paid", "amount": "how much"}
    ),
    "rejected": EventKind(
        "a claimed skip was turned away; `song.state` says whether it waits in Free",
        {**_SONG, **_REASON, "barred": "why it does not: limit or closed", **_WALLET},
    ),
    "removed": EventKind("a song was taken out", {**_SONG, "was": "its state before", **_REASON, **_WALLET}),
    "held": EventKind("a song was set aside", {**_SONG, "was": "its state before"}),
    "back": EventKind("a held song came back", _SONG),
    "bumped": EventKind("a song let others go first", {**_SONG, "places": "how many"}),
    "edited": EventKind("an artist put right what they wrote", {**_SONG, **_CHANGES}),
    "claimed": EventKind("an artist claimed a skip for a waiting Free song", _SONG),
    "withdrawn": EventKind("an artist took a claimed skip back", _SONG),
    "cleared": EventKind(
        "a tier was emptied", {"tier": "its label", "count": "songs removed", **_REASON, **_WALLET}
    ),
    "points": EventKind(
        "points were earned or taken", {"rows": "list of [user or handle, id, change]", **_REASON}
    ),
    "points_reset": EventKind(
        "points were set to nothing",
        {
            "user": "whose own; absent where others were taken",
            "handles_of": "whose handles; absent likewise",
            "handle": "which handle (TikTok id); absent likewise",
            "rows": "what was taken: list of [sorted set, id, points]",
        },
    ),
    "coins": EventKind(
        "Luxury Coins were given or taken", {"user": "whose", "change": "how many", **_REASON, **_WALLET}
    ),
    "bought": EventKind(
        "an artist paid a skip with Luxury Coins",
        {**_SONG, "from": "label before", "to": "label after", "price": "what it cost", **_WALLET},
    ),
    "awaited": EventKind(
        "a TikTok name that nobody was seen under yet was given to an account",
        {"name": "the name", "user": "who gets it", "from": "who awaited it before"},
    ),
    "unawaited": EventKind(
        "an awaited TikTok name was let go", {"name": "the name", "from": "who awaited it", "user": "null"}
    ),
    "linked": EventKind(
        "a TikTok handle got an owner",
        {
            "handle": "TikTok id",
            "name": "the handle",
            "user": "new owner",
            "from": "owner before",
            "coins": "gifted coins that went to the owner's bank; absent for none",
            **_PROMOTIONS,
            **_WALLET,
        },
    ),
    "unlinked": EventKind(
        "a TikTok handle lost its owner",
        {"handle": "TikTok id", "from": "owner before", "user": "null"},
    ),
    "live": EventKind(
        "a batch of a live was booked",
        {
            "session": "which",
            "host": "its host",
            "counts": "events by kind",
            "rows": "who got something: list of [TikTok id, points, coins]; absent for none",
            "linked": "handles that got the owner who awaited them: list of [TikTok id, name, Discord id]",
            **_PROMOTIONS,
            **_WALLET,
        },
    ),
    "session": EventKind(
        "a session of a live began, was left, went on, ended or was stored",
        {
            "session": "which",
            "host": "its host",
            "verb": "begin, away, back, gap, end, stored",
            "room": "TikTok room id",
            "why": "a word",
            "gap": "[from, to, why] of the events that were lost, if any were",
            "ended": "an older session of the host that ended with it",
        },
    ),
    "supported": EventKind(
        "gifts of handles go to a song from now on",
        {"handles": "TikTok ids", "song": "which; absent for their owner's own", **_PROMOTIONS},
    ),
    "settings": EventKind("settings were changed", {**_CHANGES, **_OF}),
    "ladder": EventKind("the ladder was changed", {**_CHANGES, **_OF}),
    "imported": EventKind(
        "settings and ladder were taken from a file",
        {**_CHANGES, "ladder": "the same of the ladder", **_OF},
    ),
    "displays": EventKind("a display was put somewhere else", _CHANGES),
    "cards": EventKind("cards of songs were posted, crossed out or forgotten", _CHANGES),
    "reviewed": EventKind(
        "a song got a score or a note", {**_SONG, "score": "0 to 10", "review_note": "what was said"}
    ),
    "bookmarked": EventKind("a song was bookmarked", _SONG),
    "unbookmarked": EventKind("a bookmark was taken off", _SONG),
    "forgotten": EventKind(
        "a person was forgotten on request; the history tells their moves of nobody",
        {"songs": "how many songs they had"},
    ),
    "host_connected": EventKind("a TikTok host is listened to from now on", {"handle": "the host"}),
    "host_disconnected": EventKind("a TikTok host is listened to no more", {"handle": "the host"}),
    "host_known": EventKind(
        "a TikTok host's number became known", {"handle": "the host", "id": "TikTok user id"}
    ),
    "host_broke": EventKind(
        "the connection to a TikTok host broke; unless it is back soon it is lost",
        {"handle": "the host", "why": "a word", "since": "ms since 1970"},
    ),
    "host_mended": EventKind("a connection that broke was back in a moment", {"handle": "the host"}),
    "host_lost": EventKind(
        "the connection to a TikTok host was lost against the guild's wish",
        {"handle": "the host", "why": "a word", "since": "ms since 1970"},
    ),
    "host_told": EventKind(
        "the owners were told of an outage, or of its end", {"handle": "the host", "since": "ms: the outage"}
    ),
    "host_back": EventKind("the connection to a TikTok host is back", {"handle": "the host"}),
    "overlay_created": EventKind("an address for overlays was made", {"name": "what it is called"}),
    "overlay_rotated": EventKind("an overlay got a new address", {"name": "what it is called"}),
    "overlay_removed": EventKind("an address for overlays was taken away", {"name": "what it is called"}),
    "page_linked": EventKind("the link of the public page was made", {}),
    "page_renewed": EventKind("the public page got a new link; the old one is dead", {}),
    "quieted": EventKind(
        "somebody chose whether to be told of their songs", {"user": "who", "quiet": "true: not any more"}
    ),
    "pruned": EventKind(
        "songs that ended long ago left Redis; the archive keeps them",
        {"songs": "their numbers", "tracks": "how many plays left `recent`"},
    ),
    "undone": EventKind(
        "a move was taken back",
        {
            "move": "kind of that move",
            "of": "its revision",
            "songs": "the songs it concerned, as they are now",
            **_WALLET,
        },
    ),
    "restored_backup": EventKind(
        "a backup was put back",
        {
            "backup": "its revision and when it was taken",
            "back": "songs that came back",
            "gone": "songs that went",
            "moved": "songs that changed place",
            "points": "rows of points that changed",
            "settings": "settings that changed",
            **_WALLET,
        },
    ),
}
"""Every kind of event, in the order in which a show meets them."""
