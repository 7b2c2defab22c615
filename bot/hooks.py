"""Every way in which something can fail leads to one `Reporter`, and whoever waits for an answer gets one.

Left alone, tanjun answers nothing after an exception, miru and hikari log and go on, and a failed task is
only noticed when it is collected.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import hikari
import miru
import tanjun

from bot.answers import already_answered, explain, tell
from bot.errors import Reporter, archive_out_of_reach
from bot.router import Router
from components.texts import FALLBACK, say
from persistence.errors import Unavailable

__all__ = ["BackgroundTasks", "command_hooks", "install"]

_LOG = logging.getLogger("skipline.hooks")

archive_out_of_reach(Unavailable)


def install(
    bot: hikari.GatewayBot,
    commands: tanjun.Client,
    views: miru.Client,
    router: Router,
    reporter: Reporter,
) -> None:
    """Put the hooks into everything; to be called once, before the bot starts."""
    commands.set_hooks(command_hooks(reporter))
    _hook_views(views, router, reporter)

    async def on_listener_error(event: hikari.ExceptionEvent[Any]) -> None:
        await _answer_failed_event(event, reporter)

    async def on_starting(_: hikari.StartingEvent) -> None:
        asyncio.get_running_loop().set_exception_handler(_loop_handler(reporter))

    bot.event_manager.subscribe(hikari.ExceptionEvent, on_listener_error)
    bot.event_manager.subscribe(hikari.StartingEvent, on_starting)


def command_hooks(reporter: Reporter) -> tanjun.AnyHooks:
    """Return the hooks for every command: faults are reported, refusals shown to the caller alone."""

    async def on_error(ctx: tanjun.abc.Context, error: Exception) -> bool:
        if (text := explain(error, f"/{ctx.triggering_name}", reporter, _locale(ctx))) is not None:
            await _tell_caller(ctx, text)
        return True

    async def on_parser_error(ctx: tanjun.abc.Context, error: tanjun.ParserError) -> None:
        await _tell_caller(ctx, say("errors.unread_option", _locale(ctx), option=error.parameter or "?"))

    return tanjun.AnyHooks().set_on_error(on_error).set_on_parser_error(on_parser_error)


def _locale(ctx: tanjun.abc.Context) -> str:
    return str(ctx.interaction.locale) if isinstance(ctx, tanjun.abc.AppCommandContext) else FALLBACK


async def _tell_caller(ctx: tanjun.abc.Context, text: str) -> None:
    try:
        if not isinstance(ctx, tanjun.abc.AppCommandContext):
            await ctx.respond(text)
        elif ctx.has_responded:
            await ctx.create_followup(text, ephemeral=True)
        elif ctx.has_been_deferred:
            await ctx.edit_initial_response(text)
        else:
            await ctx.create_initial_response(text, ephemeral=True)
    except hikari.HikariError:
        # Between the check and the call tanjun's own deferral may have gone out.
        if isinstance(ctx, tanjun.abc.AppCommandContext):
            await tell(ctx.interaction, text)


def _hook_views(views: miru.Client, router: Router, reporter: Reporter) -> None:
    """Route what no view knows, and report what fails in any view or modal of this process.

    miru has no hook for errors but a method of each view, so the method of the base classes is replaced: a
    view that forgets to inherit from some class of ours would otherwise fail in silence.
    """

    async def on_view_error(
        view: miru.View,
        error: Exception,
        item: miru.abc.InteractiveViewItem | None = None,
        context: miru.ViewContext | None = None,
        /,
    ) -> None:
        custom_id = item.custom_id if item else "time-out"
        await _answer_failed_view(f"{type(view).__name__} {custom_id}", error, context, reporter)

    async def on_modal_error(
        modal: miru.Modal, error: Exception, context: miru.ModalContext | None = None, /
    ) -> None:
        await _answer_failed_view(type(modal).__name__, error, context, reporter)

    miru.View.on_error = on_view_error
    miru.Modal.on_error = on_modal_error

    async def on_component(interaction: hikari.ComponentInteraction) -> None:
        await router.press(interaction, views.injector, reporter)

    async def on_modal(interaction: hikari.ModalInteraction) -> None:
        await router.submit(interaction, views.injector, reporter)

    views.set_unhandled_component_interaction_hook(on_component)
    views.set_unhandled_modal_interaction_hook(on_modal)


async def _answer_failed_view(
    where: str,
    error: Exception,
    context: miru.ViewContext | miru.ModalContext | None,
    reporter: Reporter,
) -> None:
    locale = FALLBACK if context is None else str(context.interaction.locale)
    text = explain(error, where, reporter, locale)
    if context is not None and text is not None:
        try:
            await context.respond(text, flags=hikari.MessageFlag.EPHEMERAL)
        except hikari.HikariError:
            await tell(context.interaction, text)


async def _answer_failed_event(event: hikari.ExceptionEvent[Any], reporter: Reporter) -> None:
    failed = event.failed_event
    interaction = failed.interaction if isinstance(failed, hikari.InteractionCreateEvent) else None
    # Every interaction somebody acted by has a locale; Discord's ping alone has none.
    locale = str(getattr(interaction, "locale", FALLBACK))
    text = explain(event.exception, f"event {type(failed).__name__}", reporter, locale)
    if interaction is not None and text is not None:
        await tell(interaction, text)


def _loop_handler(reporter: Reporter) -> Any:
    def handle(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception) and already_answered(error):
            # Tanjun's own deferral came a moment after the answer.
            return
        if isinstance(error, Exception):
            reporter.report(error, context.get("message", "the event loop"))
        else:
            _LOG.error("The event loop says: %s", context.get("message"))

    return handle


class BackgroundTasks:
    """Tasks that nobody awaits: kept from being collected, their failures reported at once."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work`; `name` is what its failure is reported under."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return task

    async def drain(self, seconds: float) -> bool:
        """Wait for all tasks, cancel what is left after `seconds`; tell whether all had finished."""
        if not self._running:
            return True
        _, late = await asyncio.wait(self._running, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return not late

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._reporter.report(error, f"task {task.get_name()}")
