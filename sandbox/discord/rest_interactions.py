"""REST routes of interactions: callbacks and the webhook of their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.discord import payloads
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest import Routes

if TYPE_CHECKING:
    from sandbox.discord.interactions import Interaction
    from sandbox.discord.messages import Message
    from sandbox.discord.refusals import Json
    from sandbox.discord.rest import Call

routes: Final = Routes()

_WEBHOOK: Final = "/webhooks/{webhook_id}/{webhook_token}"
_ORIGINAL: Final = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
_MESSAGE: Final = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"


@routes("POST", "/interactions/{interaction_id}/{interaction_token}/callback", auth=False)
def answer(call: Call) -> Json | None:
    """Take the first answer to an interaction."""
    interactions = call.sandbox.interactions
    interaction = interactions.find(call.params["interaction_token"], call.id("interaction_id"))
    message = interactions.answer(interaction, call.object(), call.files, call.received)
    if interaction is None or not call.asks("with_response"):
        return None
    return interactions.callback_object(interaction, message)


@routes("POST", _WEBHOOK, auth=False)
def follow_up(call: Call) -> Json:
    """Post a further message."""
    interaction = _interaction(call)
    return _show(call, call.sandbox.interactions.follow_up(interaction, call.object(), call.files))


@routes("GET", _ORIGINAL, auth=False)
@routes("GET", _MESSAGE, auth=False)
def get_message(call: Call) -> Json:
    """Give one of an interaction's messages."""
    return _show(call, _message(call, _interaction(call)))


@routes("PATCH", _ORIGINAL, auth=False)
@routes("PATCH", _MESSAGE, auth=False)
def edit_message(call: Call) -> Json:
    """Change one of an interaction's messages."""
    interaction = _interaction(call)
    message = _message(call, interaction)
    call.sandbox.interactions.edit(interaction, message, call.object(), call.files)
    return _show(call, message)


@routes("DELETE", _ORIGINAL, auth=False)
@routes("DELETE", _MESSAGE, auth=False)
def delete_message(call: Call) -> None:
    """Delete one of an interaction's messages."""
    interaction = _interaction(call)
    call.world.delete_message(_message(call, interaction))
    interaction.settled.set()


def _interaction(call: Call) -> Interaction:
    interaction = call.sandbox.interactions.by_token(call.id("webhook_id"), call.params["webhook_token"])
    if interaction.channel.deleted:
        raise Refusal(10003)
    return interaction


def _message(call: Call, interaction: Interaction) -> Message:
    return call.sandbox.interactions.message_of(interaction, call.params.get("message_id", "@original"))


def _show(call: Call, message: Message) -> Json:
    return payloads.message(message, call.world.attachments.sign)
