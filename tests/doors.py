"""Every way into a running bot: its commands, and all it does with a press, a choice or a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.app import App
    from bot.documentation.commands import Command


@dataclass(frozen=True)
class Doors:
    """`commands` by full name; `components` and `modals`: routed names; `views`: fixed ids."""

    commands: dict[str, Command]
    components: frozenset[str]
    modals: frozenset[str]
    views: frozenset[str]


def doors_of(app: App) -> Doors:
    """What a bot answers, taken from the very objects that answer."""
    import hikari

    from bot.documentation.commands import of_client
    from bot.router import Router

    assert app.bot is not None
    listeners = app.bot.event_manager.get_listeners(hikari.InteractionCreateEvent)
    intake: Any = next(each.__self__ for each in listeners if type(each.__self__).__name__ == "Intake")
    router = intake._commands.injector.get_type_dependency(Router)
    return Doors(
        commands={each.name: each for each in of_client(intake._commands)},
        components=router.component_names,
        modals=router.modal_names,
        views=frozenset(intake._views._unbound_views),
    )
