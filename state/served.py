"""Where web pages are served: whoever serves them says so, and any process can tell people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from redis.asyncio import Redis

from state.lease import HOLDER, Lease
from state.web_keys import web_lease

_PUBLIC: Final = "public"
_LOCAL: Final = "local"


@dataclass(frozen=True, slots=True)
class Served:
    """An address under which pages are served, without a slash at the end.

    `public` whether whoever runs the bot named it as the one that others reach.
    """

    address: str
    public: bool


class ServedPages:
    """Where the pages of all processes are served; `own` is where this one serves them, if it does.

    Of several who serve, one holds a lease that names its address, and another takes it within half a second
    of an orderly end, or 8.5 s after a crash.
    """

    def __init__(self, redis: Redis, own: Served | None) -> None:
        self._redis = redis
        self._own = own
        self._serving = False

    async def where(self) -> Served | None:
        """The address to tell people: our own, else another process's; None when nobody serves pages now."""
        if self._serving and self._own is not None:
            return self._own
        claim = cast("str | None", await self._redis.get(web_lease()))
        return None if claim is None else _read(claim)

    async def tell(self) -> None:
        """Tells the others that we serve, until cancelled; to be called once pages are served."""
        assert self._own is not None, "who serves has an address"
        self._serving = True
        holder = f"{HOLDER}:{_PUBLIC if self._own.public else _LOCAL} {self._own.address}"
        lease = Lease(self._redis, web_lease(), holder=holder)
        try:
            while True:
                async with lease.held():
                    await lease.lost.wait()
        finally:
            self._serving = False


def _read(claim: str) -> Served | None:
    """What a claim says: `<token> <holder>:<public or local> <address>:<random>`."""
    _, _, rest = claim.partition(" ")
    holder, _, address = rest.partition(" ")
    address = address.rpartition(":")[0]
    return Served(address, holder.endswith(f":{_PUBLIC}")) if address else None
