"""A miru bot with one persistent button, which is acknowledged at once; and a command, to see it is there."""

from __future__ import annotations

import hikari
import miru

from benchmarks.bare_hikari import build


class Panel(miru.View):
    """The one button that is pressed, on whatever message stands."""

    @miru.button(label="Next", custom_id="panel:next")
    async def next(self, ctx: miru.ViewContext, _: miru.Button) -> None:
        """Answers."""
        await ctx.defer(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE)


def main() -> None:
    """Runs until killed."""
    bot = build()
    client = miru.Client(bot, ignore_unknown_interactions=True)

    @bot.listen()
    async def begin(_: hikari.StartedEvent) -> None:
        client.start_view(Panel(timeout=None), bind_to=None)
        me = await bot.rest.fetch_application()
        await bot.rest.set_application_commands(me, [bot.rest.slash_command_builder("bare", "Answers.")])

    @bot.listen()
    async def answer(event: hikari.InteractionCreateEvent) -> None:
        if isinstance(event.interaction, hikari.CommandInteraction):
            await event.interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "Here.")

    bot.run(check_for_updates=False)


if __name__ == "__main__":
    main()
