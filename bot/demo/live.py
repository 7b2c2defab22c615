"""A live on TikTok: likes and gifts move songs, the connection is lost and found, and the table follows."""

from __future__ import annotations

import re
from typing import Final

from bot.demo.play import Chapter
from bot.demo.show import Show, Suggested
from bot.demo.terminal import StepFailed
from sandbox.discord import Person
from sandbox.tiktok import Live, Viewer, gift_named

HOST: Final = "mia.live"
TABLES: Final = "live-tables"
HEARTS: Final = gift_named("Hand Hearts")
MONEY_GUN: Final = gift_named("Money Gun")

CONNECT_SECONDS: Final = 60.0
"""The first connection waits for a process that starts and loads its library."""

TABLE_SECONDS: Final = 60.0
"""Until the table is there: the grace time, the next look at the session, and the picture."""


def on_air(show: Show) -> Live:
    """The live that is on. Raises `StepFailed`."""
    live = show.tiktok.host(HOST).live
    if live is None:
        raise StepFailed(f"@{HOST} is not live")
    return live


async def connected(show: Show) -> None:
    """One command listens to a host; the bot finds the live by itself."""
    tables = show.guild.create_channel(TABLES)
    await show.command(
        show.olga, "settings set", f"none → #{TABLES}", lines=1,
        name="metrics_channel", value=f"<#{tables.id}>",
    )  # fmt: skip
    # A session goes on for this long without its host; people are not in such a hurry.
    await show.command(show.olga, "settings set", "→ 10 s", lines=1, name="live_grace", value="10 s")
    await show.command(show.mia, "tiktok connect", f"Listening to @{HOST}", lines=1, handle=f"@{HOST}")
    show.on_tiktok(HOST, "goes live")
    live = show.tiktok.host(HOST).go_live()
    await show.tiktok.connected(live, timeout=CONNECT_SECONDS)
    live.viewers(38)
    await show.asked(show.mia, "tiktok status", f"@{HOST} · live", "session #1", lines=3)


async def prove(show: Show, person: Person, handle: str) -> Viewer:
    """Somebody asks for a code and types it in the chat of the live."""
    reply = await show.command(person, "tiktok link", "Type this in the TikTok chat", handle=handle)
    found = re.search(r"!link \w+", reply.text)
    if found is None:
        raise StepFailed("the answer has no code")
    viewer = show.tiktok.viewer(handle, person.name)
    show.on_tiktok(handle, f"writes in the chat: {found[0]}")
    viewer.comment(on_air(show), found[0])
    return viewer


async def linked(show: Show) -> None:
    """A code typed in the chat proves whose handle it is. The comment is worth two points already."""
    carla = show.artists["Carla"]
    await prove(show, carla, "carla.sings")
    await show.queue("Night Bus", "Glass Harbour", "Slow Motion", "Marea Baja", playing="Silver Line")
    await show.command(carla, "tiktok handles", "@carla.sings: 2 points")


async def liked(show: Show) -> None:
    """Likes, a follow and a share are points; the Free song moves while they come."""
    live, carla = on_air(show), show.tiktok.viewer("carla.sings")
    for number, name in enumerate(("yuki", "tom.b", "ana_r"), 1):
        fan = show.tiktok.viewer(name)
        fan.join(live)
        fan.like(live, 12 * number)
        fan.comment(live, "louder!")
    show.on_tiktok("carla.sings", "follows, shares, and taps 600 hearts")
    carla.follow(live)
    carla.share(live)
    carla.like(live, 600)
    live.viewers(64)
    await show.queue("Night Bus", "Slow Motion", "Glass Harbour", "Marea Baja", playing="Silver Line")
    await show.asked(show.artists["Carla"], "points show", "@carla.sings on TikTok: 617", lines=3)


async def gifted(show: Show) -> None:
    """A streak counts as it grows; at 1,000 coins the song is a Skip, and its artist reads why."""
    bruno = show.artists["Bruno"]
    await show.command(
        show.olga, "tiktok forcelink", "becomes @Bruno's as soon as it appears", lines=1,
        user=bruno, handle="bruno.beats",
    )  # fmt: skip
    viewer = show.tiktok.viewer("bruno.beats", "Bruno")
    show.on_tiktok("bruno.beats", "sends Hand Hearts: ×3, ×6, ×10")
    on_air(show).viewers(75)
    streak = viewer.streak(on_air(show), HEARTS, 3)
    streak.more(3)
    streak.more(4)
    streak.end()
    await show.queue("Night Bus", "Glass Harbour", "Slow Motion", "Marea Baja", playing="Silver Line")
    await show.told(bruno, "Glass Harbour", "moved up to Skip", "because of gifts")


async def pooled(show: Show) -> None:
    """Two fans of one song put their gifts together; half of the way moves nothing yet."""
    dario = show.artists["Dario"]
    viewer = await prove(show, dario, "dario.wav")
    await show.asked(dario, "tiktok handles", "@dario.wav: 2 points")
    for fan in (dario, show.artists["Carla"]):
        await show.command(fan, "tiktok support", "go to Marea Baja", lines=1, song=Suggested("marea"))
    show.on_tiktok("dario.wav", "sends a Money Gun")
    on_air(show).viewers(83)
    viewer.gift(on_air(show), MONEY_GUN)
    await show.asked(dario, "points show", "@dario.wav on TikTok: 1,002", lines=3)
    await show.queue("Night Bus", "Glass Harbour", "Slow Motion", "Marea Baja", playing="Silver Line")


async def dropped(show: Show) -> None:
    """The connection is lost in mid-streak. It is the same live after, and each gift counts once."""
    live, tiktok = on_air(show), show.tiktok
    show.on_tiktok("carla.sings", "sends Hand Hearts: ×2 …")
    streak = tiktok.viewer("carla.sings").streak(live, HEARTS, 2)
    await live.acknowledged()
    show.tell("the network", "drops the connection")
    tiktok.faults.cut(live)
    await tiktok.wait_until(lambda: not live.connections)
    show.on_tiktok("carla.sings", "… ×4, which nobody hears …")
    streak.more(2)
    await tiktok.connected(live, timeout=CONNECT_SECONDS)
    show.tell("the bot", "is back; TikTok tells it the last minute once more")
    show.on_tiktok("carla.sings", "… ×6, and TikTok sends the end twice")
    streak.more(2)
    streak.end(times=2)
    live.viewers(69)
    await show.queue("Night Bus", "Glass Harbour", "Marea Baja", "Slow Motion", playing="Silver Line")
    await show.told(show.artists["Elena"], "Marea Baja", "moved up to Skip", "because of gifts")
    await show.asked(show.artists["Carla"], "points show", "@carla.sings on TikTok: 1,817", lines=3)
    await show.asked(show.mia, "tiktok status", f"@{HOST} · live", "session #1", lines=3)


async def bought(show: Show) -> None:
    """What people give also earns Luxury Coins, which buy skips."""
    carla = show.artists["Carla"]
    await show.command(
        show.olga, "settings set", "→ 10", lines=1, name=Suggested("What DoubleSkip costs"), value="10"
    )
    await show.command(carla, "wallet show", "You have 12 Luxury Coins", lines=6)
    asked = await show.command(carla, "skip buy", "Pay 10 Luxury Coins", lines=1, tier=Suggested("double"))
    assert asked.message is not None, "the question is a message"
    await show.press(carla, asked.message, "Pay 10")
    show.says(carla, asked.text, "Slow Motion", "is in DoubleSkip now", "You have 2 left")
    await show.queue("Night Bus", "Slow Motion", "Glass Harbour", "Marea Baja", playing="Silver Line")
    on_air(show).viewers(71)
    await show.next(show.mia)
    await show.queue("Slow Motion", "Glass Harbour", "Marea Baja", playing="Night Bus")


async def ended(show: Show) -> None:
    """The host ends the live; the session waits a little, should they come back."""
    live = on_air(show)
    live.viewers(52)
    await live.acknowledged()
    show.on_tiktok(HOST, "ends the live")
    live.end()
    await show.asked(show.mia, "tiktok status", "waits: not live", lines=2)
    await show.command(show.artists["Carla"], "points leaderboard", "Most points", "@Carla", lines=6)


async def table(show: Show) -> None:
    """Everybody who was there, with the picture and the file."""
    posted = await show.posted(
        TABLES, f"The live of @{HOST} is over", "gifts 17, 2,100 coins", "@bruno.beats (@Bruno)",
        "songs played", "Not heard", lines=15, seconds=TABLE_SECONDS,
    )  # fmt: skip
    show.files(posted, ".csv", ".png")
    reply = await show.command(show.mia, "metrics show", "2,100 coins", "shares 1 · follows 1", lines=4)
    drawn = reply.message
    assert drawn is not None, "a command that was answered has a message"
    await show.seen(drawn.channel, lambda: drawn.attachments, "no picture came", TABLE_SECONDS)
    show.files(drawn, ".png")


CHAPTER: Final = Chapter(
    "A live on TikTok",
    (
        ("Mia connects her TikTok and goes live", connected),
        ("Carla proves her handle by a code in the chat", linked),
        ("Her hearts move her Free song up", liked),
        ("Bruno's gifts lift his song, and he is told why", gifted),
        ("Two fans pool their gifts on Elena's song", pooled),
        ("The connection drops in the middle of a streak, and comes back", dropped),
        ("Carla earned Luxury Coins, and buys a skip", bought),
        ("Mia ends the live", ended),
        ("The table of the live, with its picture", table),
    ),
)
