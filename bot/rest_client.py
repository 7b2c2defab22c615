"""hikari's REST client, asking for less than hikari does, and not failing on what is done.

hikari has Discord send back the message that an answer made, and reads it into objects. Nobody here looks at
them, and it is a fifth of what a page of the queue costs this process. A promise to answer whose reply was
lost it sends again, and fails as Discord has it already: what was promised was then never done. It neither
asks whether that is wanted nor lets one choose the class of its client, so the class of the one it made is
replaced.
"""

from __future__ import annotations

from typing import Any, Final, cast

import hikari
from hikari.impl import RESTClientImpl
from hikari.internal import routes

from bot.answers import already_answered

__all__ = ["REST", "install"]

_TAKEN: Final = {"interaction": {"id": "0", "type": int(hikari.InteractionType.APPLICATION_COMMAND)}}
"""What hikari is given to read in place of the message; it takes nothing but the form of it."""

_PROMISES: Final = {hikari.ResponseType.DEFERRED_MESSAGE_CREATE, hikari.ResponseType.DEFERRED_MESSAGE_UPDATE}


class REST(RESTClientImpl):
    """What answers an interaction makes no message object: fetch the answer where one is needed.

    A promise to answer that Discord has already counts as made.
    """

    __slots__ = ()

    # hikari means nobody to replace it; a test tells when it changes.
    async def _request(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, compiled_route: routes.CompiledRoute, *, query: Any = None, **request: Any
    ) -> Any:
        if compiled_route.route is not routes.POST_INTERACTION_RESPONSE:
            return await super()._request(compiled_route, query=query, **request)
        try:
            await super()._request(compiled_route, **request)
        except hikari.BadRequestError as refused:
            # Whoever made the promise, this process or one that died, it is made.
            if not (already_answered(refused) and request.get("json", {}).get("type") in _PROMISES):
                raise
        return _TAKEN


def install(rest: hikari.api.RESTClient, kind: type[REST] = REST) -> None:
    """Has a client of hikari's own class, or of ours, be of that kind from now on."""
    assert type(rest) in (RESTClientImpl, REST), "hikari's own client is the one that is known here"
    cast("Any", rest).__class__ = kind
