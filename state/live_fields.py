"""The fields of the hashes of TikTok lives, written down as in `state.fields`."""

from __future__ import annotations

from typing import Final

from state.keyspace import Field

_MS: Final = "ms since 1970"

STREAKS: Final = (
    Field("<viewer>:<gift>:<group>", "number ms", "units of it that are booked, and when the last was"),
)

HEARD: Final = (Field("<host>", "ms", "TikTok's time of the newest event that is booked"),)

EARNING: Final = (
    Field(
        "<TikTok id>",
        "coins ms",
        "coins gifted and ms active that no Luxury Coin was paid for yet; of a handle nobody owns all",
    ),
)

SUPPORTS: Final = (Field("<TikTok id>", "number", "song that this handle's gifts go to"),)

REWARDED: Final = (Field("<user>", "days since 1970", "UTC day on which a submission earned points last"),)

LIVE: Final = (Field("<host>", "number", "session of the host of that handle"),)

SESSION: Final = (
    Field("host", "handle", "the host, lower case without @"),
    Field("host_id", "TikTok id", "the host's number, which a rename keeps"),
    Field("room", "TikTok room id", "room of the live that is or was on last"),
    Field("rooms", "room room", "every room of the evening, in order"),
    Field("state", "word", "live, away (we or the host are gone, within the grace time), ended"),
    Field("started_at", _MS, "when we were first connected"),
    Field("connected_at", _MS, "when we were connected last: nothing is measured across that"),
    Field("away_at", _MS, "since when it is away; absent otherwise"),
    Field("away_why", "word", "why; absent otherwise"),
    Field("ended_at", _MS, "when it ended; absent until then"),
    Field("last_at", _MS, "time of the newest event"),
    Field("gaps", "JSON", "stretches in which events were lost: list of [from, to, why]"),
    Field("likes", "likes", "of all rooms, by TikTok's own total: exact"),
    Field("likes_room", "likes", "the total of the room that is on"),
    Field("likes_seen", "likes", "that came with a viewer: TikTok delivers only a part"),
    Field("comments", "comments", "in all; like all counters absent for none"),
    Field("shares", "shares", "in all"),
    Field("follows", "follows", "in all"),
    Field("subscribes", "subscribes", "in all"),
    Field("gifts", "gifts", "units in all"),
    Field("coins", "TikTok coins", "what they cost"),
    Field("points", "points", "what all of it was worth here"),
    Field("joins", "joins", "that came; a sample in big rooms"),
    Field("viewers", "viewers", "who watch now"),
    Field("viewers_at", _MS, "when that was told"),
    Field("viewers_peak", "viewers", "the most at a time"),
    Field("visitors", "viewers", "who ever came, as TikTok counts"),
    Field("viewer_ms", "viewers x ms", "viewers over the time measured"),
    Field("measured_ms", "ms", "the time measured: at most 60 s a sample, none while not connected"),
    Field("skipped", "messages", "that could not be read"),
    Field("swept_at", _MS, "when idle streaks were dropped last"),
)

SESSION_VIEWERS: Final = (
    Field(
        "<TikTok id>",
        "11 numbers",
        "likes comments shares follows subscribes gifts coins points active_ms first_at last_at; likes and "
        "active time are at least that",
    ),
)

CURVE: Final = (
    Field(
        "<minute>",
        "viewers coins songs",
        "minutes since 1970: most viewers, coins gifted, songs that began (number,number or -)",
    ),
)

ASKED: Final = (Field("<user>", _MS, "when that account asked, by the clock of the chat"),)
