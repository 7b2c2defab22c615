"""Names of the Redis keys: one function a key, with its type, its fields and how it is rebuilt.

What stands here is what docs/redis.md says (`make docs`), and what a test finds in Redis after a show.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from state import fields
from state.keyspace import KEYS, Key, Rebuilt, Type, add, documented

CHANGES = "sl:changes"
"""Channel on which every move is announced, by the script that made it."""

GUILDS = "sl:guilds"
"""The guilds that were ever opened here."""

POSTGRES_AWAY = "sl:postgres:away"
"""Since when PostgreSQL has been away, and whether whoever runs the bot was told."""

_REQUEST_SECONDS = 900
_LEASE_SECONDS = 8
_TOLD_SECONDS = 30 * 24 * 3600
PROOF_SECONDS = 900
ASKED_SECONDS = 900
"""How long a code that proves a TikTok handle can be typed in the chat."""
POSTED_SECONDS = 24 * 3600
"""How long a message is known that was posted once."""
FENCE_SECONDS = 7 * 24 * 3600
"""How long a process may sleep and still be known for one whose work went to another."""
QUESTION_SECONDS = 840
"""How long a question waits for its answer: less than the answer of a move is kept."""

_SONG = "song number, 12 digits"
_USER = "Discord id"
_HANDLE = "TikTok user id"
_WAITING = "the waiting songs"
_ACTIVE = "the songs that wait"


def key(guild: int, name: str) -> str:
    """The full name of a guild's key. The braces make it a hash tag: one guild, one cluster slot."""
    return f"sl:{{{guild}}}:{name}"


@documented(
    "sl:{<guild>}:rev", Type.STRING, Rebuilt.SPINE, "one number", value="revision, +1 with every move"
)
def revision(guild: int) -> str:
    """Number of the last move. Absent: the live state is unknown and nothing moves until it is rebuilt."""
    return key(guild, "rev")


@documented(
    "sl:{<guild>}:events",
    Type.STREAM,
    Rebuilt.SPINE,
    "the archive writer trims it to about 1,100 moves; it grows while PostgreSQL is away",
    fields=fields.EVENT,
)
def events(guild: int) -> str:
    """Every move, one entry each; its id is `<revision>-0`."""
    return key(guild, "events")


@documented("sl:{<guild>}:archived", Type.STRING, Rebuilt.SPINE, "one number", value="revision")
def archived(guild: int) -> str:
    """Last move known to be in PostgreSQL. For people; what counts is the position kept there."""
    return key(guild, "archived")


@documented(
    "sl:{<guild>}:queue",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    _WAITING,
    member=_SONG,
    score="-(tier x 10^14 + 99999999999999 - seq) in paid tiers, -points in Free, -89... while locked",
)
def queue(guild: int) -> str:
    """Waiting songs by order of play, first is next."""
    return key(guild, "queue")


@documented(
    "sl:{<guild>}:pending", Type.SORTED_SET, Rebuilt.ARCHIVE, _ACTIVE, member=_SONG, score="seq: arrival"
)
def pending(guild: int) -> str:
    """Claimed skips that wait for a reviewer's approval, oldest first."""
    return key(guild, "pending")


@documented(
    "sl:{<guild>}:held", Type.SORTED_SET, Rebuilt.ARCHIVE, _ACTIVE, member=_SONG, score="hold: arrival"
)
def held(guild: int) -> str:
    """Songs set aside because their artist is not here, oldest first."""
    return key(guild, "held")


@documented(
    "sl:{<guild>}:bumped",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    _ACTIVE,
    member=_SONG,
    score="due: the turn (see `now`) in which it plays",
)
def bumped(guild: int) -> str:
    """Songs that let others go first; in the order of play they are woven in at the turn they are due."""
    return key(guild, "bumped")


@documented("sl:{<guild>}:now", Type.HASH, Rebuilt.ARCHIVE, "fixed fields", fields=fields.NOW)
def now(guild: int) -> str:
    """The stage: song that plays, the turn, who moved last, recent review lengths."""
    return key(guild, "now")


@documented(
    "sl:{<guild>}:song:<number>",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "ended songs, 0.4 to 1.5 kB each, leave after 7 days (setting `keep_days`), unless Undo could need them",
    fields=fields.SONG,
)
def song(guild: int, number: int) -> str:
    """One submission; the number has 12 digits. Its fields decide in which sorted set it sits."""
    return key(guild, f"song:{number:012d}")


@documented(
    "sl:{<guild>}:artist:<user>",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    "the songs that wait or play",
    member=_SONG,
    score="the number",
)
def artist(guild: int, user: int) -> str:
    """Active songs of one Discord account, oldest first."""
    return key(guild, f"artist:{user}")


@documented(
    "sl:{<guild>}:tracks", Type.HASH, Rebuilt.ARCHIVE, "the songs that wait or play", fields=fields.TRACKS
)
def tracks(guild: int) -> str:
    """Tracks that wait or play, so that none comes in twice."""
    return key(guild, "tracks")


@documented(
    "sl:{<guild>}:recent",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    "Next and the hourly clean-up drop what is older than 7 days and the cool-down",
    member="platform:id",
    score="when it was played, ms since 1970",
)
def recent(guild: int) -> str:
    """Tracks played lately, for the cool-down."""
    return key(guild, "recent")


@documented(
    "sl:{<guild>}:points:user",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    "the people who take part; 0 removes a row",
    member=_USER,
    score="points",
)
def points_user(guild: int) -> str:
    """Points that Discord accounts earned themselves."""
    return key(guild, "points:user")


@documented(
    "sl:{<guild>}:points:handle",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    "the viewers of all lives; 0 removes a row",
    member=_HANDLE,
    score="points",
)
def points_handle(guild: int) -> str:
    """Points of TikTok handles; they count for the account the handle is linked to."""
    return key(guild, "points:handle")


@documented("sl:{<guild>}:links", Type.HASH, Rebuilt.ARCHIVE, "the people who take part", fields=fields.LINKS)
def links(guild: int) -> str:
    """Which Discord account owns which TikTok handle."""
    return key(guild, "links")


@documented(
    "sl:{<guild>}:handles:<user>",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    "the handles of one person",
    member=_HANDLE,
    score="when it was linked, ms since 1970",
)
def handles(guild: int, user: int) -> str:
    """TikTok handles of one Discord account: `links` the other way round."""
    return key(guild, f"handles:{user}")


@documented(
    "sl:{<guild>}:points:total",
    Type.SORTED_SET,
    Rebuilt.RECOMPUTED,
    "the people and viewers with points",
    member="Discord id, or `@` and TikTok user id of a handle that nobody owns",
    score="points, those of an account's handles included",
)
def points_total(guild: int) -> str:
    """The leaderboard. Whoever asks first has it made; from then on each move keeps it."""
    return key(guild, "points:total")


@documented(
    "sl:{<guild>}:viewers", Type.HASH, Rebuilt.ARCHIVE, "the viewers of all lives", fields=fields.VIEWERS
)
def viewers(guild: int) -> str:
    """What each TikTok viewer who was seen here goes by now."""
    return key(guild, "viewers")


@documented(
    "sl:{<guild>}:names",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "the names that viewers of all lives ever had",
    fields=fields.NAMES,
)
def names(guild: int) -> str:
    """Who bore a TikTok name last: `viewers` the other way round, with the names of before."""
    return key(guild, "names")


@documented(
    "sl:{<guild>}:awaited",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "names that managers gave out and nobody bore yet",
    fields=fields.AWAITED,
)
def awaited(guild: int) -> str:
    """TikTok names that were given to an account before their viewer was seen; linked when that happens."""
    return key(guild, "awaited")


@documented(
    "sl:{<guild>}:wallet",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    "the people who take part; 0 removes a row",
    member=_USER,
    score="Luxury Coins",
)
def wallet(guild: int) -> str:
    """Luxury Coins of Discord accounts. The table `ledger` has every change."""
    return key(guild, "wallet")


@documented(
    "sl:{<guild>}:proof:<user>",
    Type.STRING,
    Rebuilt.NEVER,
    "they expire",
    value="JSON: {code, name: the handle that was claimed, user_name, request}",
    ttl=PROOF_SECONDS,
)
def proof(guild: int, user: int) -> str:
    """What a person must type in the chat of a live to prove that a TikTok handle is theirs."""
    return key(guild, f"proof:{user}")


@documented(
    "sl:{<guild>}:proof:code:<code>",
    Type.STRING,
    Rebuilt.NEVER,
    "they expire",
    value="Discord id",
    ttl=PROOF_SECONDS,
)
def proof_code(guild: int, code: str) -> str:
    """Whose code that is."""
    return key(guild, f"proof:code:{code}")


@documented(
    "sl:{<guild>}:proof:starts:<user>",
    Type.STRING,
    Rebuilt.NEVER,
    "they expire",
    value="number",
    ttl=PROOF_SECONDS,
)
def proof_starts(guild: int, user: int) -> str:
    """How many codes a person asked for lately; five are enough."""
    return key(guild, f"proof:starts:{user}")


@documented(
    "sl:{<guild>}:proof:tries:<viewer>",
    Type.STRING,
    Rebuilt.NEVER,
    "they expire",
    value="number",
    ttl=PROOF_SECONDS,
)
def proof_tries(guild: int, viewer: int) -> str:
    """How many wrong codes a viewer typed lately; after five none of theirs is looked at."""
    return key(guild, f"proof:tries:{viewer}")


@documented(
    "sl:{<guild>}:served",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "the artists with several songs in a tier, while they take turns",
    fields=fields.SERVED,
)
def served(guild: int) -> str:
    """Who was on while another song of theirs waited in the same tier; read when artists take turns."""
    return key(guild, "served")


@documented("sl:{<guild>}:settings", Type.HASH, Rebuilt.ARCHIVE, "fixed fields", fields=fields.SETTINGS)
def settings(guild: int) -> str:
    """What the guild chose; an absent field is its default."""
    return key(guild, "settings")


@documented("sl:{<guild>}:ladder", Type.HASH, Rebuilt.ARCHIVE, "at most 89 tiers", fields=fields.LADDER)
def ladder(guild: int) -> str:
    """The tiers; absent: 25+, 20, 15, 10, 5 Skip and Free."""
    return key(guild, "ladder")


@documented(
    "sl:{<guild>}:displays", Type.HASH, Rebuilt.ARCHIVE, "the kinds of display", fields=fields.DISPLAYS
)
def displays(guild: int) -> str:
    """Messages that show the queue, by kind: public, reviewer, pending."""
    return key(guild, "displays")


@documented(
    "sl:{<guild>}:overlays", Type.HASH, Rebuilt.ARCHIVE, "at most 10 addresses", fields=fields.OVERLAYS
)
def overlays(guild: int) -> str:
    """Private addresses of overlays, by name. A backup that is put back leaves them as they are."""
    return key(guild, "overlays")


@documented("sl:{<guild>}:page", Type.HASH, Rebuilt.ARCHIVE, "fixed fields", fields=fields.PAGE)
def page(guild: int) -> str:
    """The link of the public page. A backup that is put back leaves it as it is."""
    return key(guild, "page")


@documented(
    "sl:{<guild>}:cards",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "the last 50 that were posted, and what is owed",
    fields=fields.CARDS,
)
def cards(guild: int) -> str:
    """Messages that tell of one song: what plays now, and bookmarks. Each is posted once."""
    return key(guild, "cards")


@documented(
    "sl:{<guild>}:stats:<user>",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "one an artist who was played: at most 12 fields",
    fields=fields.STATS,
)
def stats(guild: int, user: int) -> str:
    """What one account's songs came to: plays, and how often each score."""
    return key(guild, f"stats:{user}")


@documented(
    "sl:{<guild>}:painted:<kind>",
    Type.HASH,
    Rebuilt.RECOMPUTED,
    "the kinds of display",
    fields=fields.PAINTED,
)
def painted(guild: int, kind: str) -> str:
    """What a display's message shows now. Losing it costs one edit."""
    return key(guild, f"painted:{kind}")


@documented("sl:{<guild>}:undo", Type.HASH, Rebuilt.ARCHIVE, "the last 25 moves", fields=fields.UNDO)
def undo(guild: int) -> str:
    """What Undo would put back, newest last, and who undid last."""
    return key(guild, "undo")


@documented(
    "sl:{<guild>}:quiet",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "the people who switched notices off",
    fields=fields.QUIET,
)
def quiet(guild: int) -> str:
    """Who wants no notices about their songs here."""
    return key(guild, "quiet")


@documented(
    "sl:{<guild>}:told:<song>",
    Type.HASH,
    Rebuilt.NEVER,
    "they expire",
    fields=fields.TOLD,
    ttl=_TOLD_SECONDS,
)
def told(guild: int, number: int) -> str:
    """What the artist of a song was told, so that nothing is told twice; the number has 12 digits."""
    return key(guild, f"told:{number:012d}")


@documented("sl:{<guild>}:owed", Type.HASH, Rebuilt.NEVER, "at most 50 notices", fields=fields.OWED)
def owed(guild: int) -> str:
    """Notices that are claimed and, as far as is known, not sent yet."""
    return key(guild, "owed")


@documented("sl:{<guild>}:noticed", Type.STRING, Rebuilt.NEVER, "one number", value="revision")
def noticed(guild: int) -> str:
    """Last move that was looked at for notices."""
    return key(guild, "noticed")


@documented("sl:{<guild>}:seq", Type.STRING, Rebuilt.ARCHIVE, "one number", value="number")
def sequence(guild: int) -> str:
    """Counter of arrivals: entering a tier, being held or being locked takes the next one."""
    return key(guild, "seq")


@documented("sl:{<guild>}:number", Type.STRING, Rebuilt.ARCHIVE, "one number", value="number")
def number(guild: int) -> str:
    """Number of the newest submission."""
    return key(guild, "number")


@documented(
    "sl:{<guild>}:req:<request>:<move>",
    Type.STRING,
    Rebuilt.NEVER,
    "they expire",
    value="JSON: the answer; at `overtaken`, for a minute, what a restore was to write",
    ttl=_REQUEST_SECONDS,
)
def request(guild: int, request_id: str, move: str) -> str:
    """The answer a request got, given again when it is repeated, so that nothing moves twice."""
    return key(guild, f"req:{request_id}:{move}")


@documented(
    "sl:{<guild>}:question:<request>",
    Type.STRING,
    Rebuilt.NEVER,
    "they expire",
    value="JSON: {user: who may answer, and the facts of what is asked}",
    ttl=QUESTION_SECONDS,
)
def question(guild: int, request_id: str) -> str:
    """What a button that confirms stands for, e.g. the clearing of a tier."""
    return key(guild, f"question:{request_id}")


@documented(
    "sl:{<guild>}:posted:<nonce>",
    Type.STRING,
    Rebuilt.NEVER,
    "they expire",
    value="Discord id",
    ttl=POSTED_SECONDS,
)
def posted(guild: int, nonce: str) -> str:
    """Message that was posted first under a nonce: who posts the same later takes theirs back."""
    return key(guild, f"posted:{nonce}")


@documented(
    "sl:{<guild>}:fence:<work>",
    Type.STRING,
    Rebuilt.NEVER,
    "they expire; renewed while a process does that work",
    value="number",
    ttl=FENCE_SECONDS,
)
def fence(guild: int, work: str) -> str:
    """Token of the newest holder of a lease of all guilds who did that work for this one: `tiktok:<handle>`.

    What comes with a lower one is refused.
    """
    return key(guild, f"fence:{work}")


@documented(
    "sl:{<guild>}:lease:<work>",
    Type.STRING,
    Rebuilt.NEVER,
    "it expires; held work is renewed",
    value="`<token> <host>:<process id>:<random>`",
    ttl=_LEASE_SECONDS,
)
def lease(guild: int, work: str) -> str:
    """Which process does a piece of work for the guild: displays, restore. Absent: nobody does."""
    return key(guild, f"lease:{work}")


@documented("sl:{<guild>}:lease:<work>:token", Type.STRING, Rebuilt.NEVER, "one number", value="number")
def lease_token(guild: int, work: str) -> str:
    """The newest holder's token: above all earlier ones, and not below the time in ms when it was given."""
    return key(guild, f"lease:{work}:token")


@documented(
    "sl:{lease}:<work>",
    Type.STRING,
    Rebuilt.NEVER,
    "it expires; held work is renewed",
    value="`<token> <host>:<process id>:<random>`",
    ttl=_LEASE_SECONDS,
)
def common_lease(work: str) -> str:
    """Which process does a piece of work for all guilds, e.g. runs a shard: `shard:<id>/<count>`."""
    # The braces put a lease and the counter of its tokens into one cluster slot: one script writes both.
    return f"sl:{{lease}}:{work}"


@documented("sl:{lease}:<work>:token", Type.STRING, Rebuilt.NEVER, "one number", value="number")
def common_lease_token(work: str) -> str:
    """The newest holder's token, as for a guild's."""
    return f"{common_lease(work)}:token"


@documented(
    "sl:{lease}:commands:<where>:declared",
    Type.HASH,
    Rebuilt.NEVER,
    "one for all guilds, and one for a guild that tries commands out",
    fields=fields.DECLARED,
)
def declared(where: str) -> str:
    """Who told Discord the commands last, of `global` or a guild."""
    return f"{common_lease(f'commands:{where}')}:declared"


add(
    Key(
        GUILDS,
        Type.SET,
        "The guilds that were ever opened here.",
        Rebuilt.SPINE,
        "the guilds the bot was ever in",
        member="guild id",
    )
)
add(
    Key(
        POSTGRES_AWAY,
        Type.STRING,
        "Since when PostgreSQL has been away, and whether whoever runs the bot was told. Absent: it is not.",
        Rebuilt.NEVER,
        "one value",
        value="seconds since 1970, and ` told`",
    )
)
add(
    Key(
        CHANGES,
        Type.CHANNEL,
        "Announces every move, so that displays and archive act at once. No key: nothing is stored.",
        Rebuilt.NEVER,
        "nothing is stored",
        value="`<guild> <revision> <kind>`",
    )
)

# They add their own keys, and need `key`.
import_module("state.live_keys")
import_module("state.host_keys")
import_module("state.shard_keys")
import_module("state.timer_keys")
import_module("state.web_keys")

TABLE: Final[Mapping[str, Key]] = KEYS
"""Every key by its pattern, in the order above."""


def find(name: str) -> Key | None:
    """What is known of a key found in Redis; of several families the most exact one."""
    return max(
        (key for key in TABLE.values() if key.matches(name)), key=lambda key: key.exactness, default=None
    )
