"""The owner opens the server: one command, a menu, and two channels of her own."""

from __future__ import annotations

from typing import Final

from bot.demo.play import Chapter
from bot.demo.show import Show


async def set_up(show: Show) -> None:
    """One command makes the role, the channels and the panels; menus on its answer change any of it."""
    reply = await show.command(show.olga, "setup", "Skipline is set up", lines=6)
    assert reply.message is not None, "a command that was answered has a message"
    await show.choose(show.olga, reply.message, "s1:setup.ladder", "BackToBack")
    show.says(show.olga, reply.text.splitlines()[-1], "BackToBack > DoubleSkip > Skip > Free")
    reviewer = next(role for role in show.guild.roles if role.name == "Reviewer")
    for person in (show.mia, show.theo):
        show.guild.set_roles(person, [*person.roles, reviewer])
    show.tell("Olga", "gives Mia and Theo the Reviewer role")
    await show.panel()
    await show.queue()


async def channels(show: Show) -> None:
    """What plays is announced in a channel of her choice, bookmarks go to another."""
    for setting, name in (("now_playing_channel", "now-playing"), ("bookmarks_channel", "bookmarks")):
        channel = show.guild.create_channel(name)
        await show.command(
            show.olga, "settings set", f"none → #{name}", lines=1, name=setting, value=f"<#{channel.id}>"
        )


async def second_thoughts(show: Show) -> None:
    """A setting is changed, found in the history, and taken back."""
    await show.command(show.olga, "settings set", "6 h → 2 h", lines=1, name="cooldown", value="2 h")
    await show.command(show.olga, "settings history", "Olga", "6 h → 2 h")
    await show.command(show.olga, "settings undo", "2 h → 6 h")


async def portal(show: Show) -> None:
    """Artists find everything they can do under one message."""
    message = await show.posted("submit-your-song", "Hand in your song · open", lines=2, who="portal")
    show.buttons(message)


CHAPTER: Final = Chapter(
    "The owner opens the server",
    (
        ("One command sets the server up; a menu chooses the skips", set_up),
        ("She chooses where songs are announced and bookmarks kept", channels),
        ("A setting is changed, found in the history, and taken back", second_thoughts),
        ("The portal stands where artists hand in", portal),
    ),
)
