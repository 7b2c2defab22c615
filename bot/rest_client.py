"""hikari's REST client, asking for less than hikari does.

hikari has Discord send back the message that an answer made, and reads it into objects. Nobody here looks at
them, and it is a fifth of what a page of the queue costs this process. hikari neither asks whether that is
wanted nor lets one choose the class of its client, so the class of the one it made is replaced.
"""

from __future__ import annotations

from typing import Any, Final, cast

import hikari
from hikari.impl import RESTClientImpl
from hikari.internal import routes

__all__ = ["REST", "install"]

_TAKEN: Final = {"interaction": {"id": "0", "type": int(hikari.InteractionType.APPLICATION_COMMAND)}}
"""What hikari is given to read in place of the message; it takes nothing but the form of it."""


class REST(RESTClientImpl):
    """What answers an interaction makes no message object: fetch the answer where one is needed."""

    __slots__ = ()

    # hikari means nobody to replace it; a test tells when it changes.
    async def _request(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, compiled_route: routes.CompiledRoute, *, query: Any = None, **request: Any
    ) -> Any:
        if compiled_route.route is not routes.POST_INTERACTION_RESPONSE:
            return await super()._request(compiled_route, query=query, **request)
        await super()._request(compiled_route, **request)
        return _TAKEN


def install(rest: hikari.api.RESTClient, kind: type[REST] = REST) -> None:
    """Has a client of hikari's own class, or of ours, be of that kind from now on."""
    assert type(rest) in (RESTClientImpl, REST), "hikari's own client is the one that is known here"
    cast("Any", rest).__class__ = kind
