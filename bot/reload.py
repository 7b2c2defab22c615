"""Loads a changed plugin again without a restart, for whoever writes one: `skipline run --reload`.

Tanjun's own `HotReloader` looks at no packages, executes the new code inside the old module and knows neither
our routes nor miru's views; so the few steps are made here.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Final

import miru
import tanjun

from bot.errors import Reporter
from bot.router import Router

__all__ = ["Reloader"]

SECONDS: Final = 0.5
"""How often the files are looked at."""

_log = logging.getLogger("skipline.reload")

Marks = Mapping[Path, tuple[int, int]]


class Reloader:
    """Watches the plugins of one directory, each a file or a package.

    A plugin whose new code cannot be imported or opened stays as it was. `declare` is called when the
    commands are no longer those that were declared.
    """

    def __init__(
        self,
        directory: Path,
        commands: tanjun.Client,
        views: miru.Client,
        router: Router,
        reporter: Reporter,
        declare: Callable[[], Awaitable[None]],
    ) -> None:
        self._directory = directory
        self._namespace = directory.name
        self._commands = commands
        self._views = views
        self._router = router
        self._reporter = reporter
        self._declare = declare
        self._seen = self._marks()

    async def run(self) -> None:
        """Watches until cancelled."""
        _log.info("Plugins in %s are loaded again when they change.", self._directory)
        while True:
            await asyncio.sleep(SECONDS)
            try:
                await self.look()
            except Exception as error:
                self._reporter.report(error, "reloading plugins")

    async def look(self) -> None:
        """Brings every plugin that changed since the last look up to date."""
        before, now = self._seen, await asyncio.to_thread(self._marks)
        changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
        if not changed:
            return
        self._seen = now
        _drop_cached(changed)
        declared = self._set_of_commands()
        for name in sorted({self._plugin(path) for path in changed}):
            await self._replace(name, exists=any(self._plugin(path) == name for path in now))
        if self._set_of_commands() != declared:
            await self._declare()

    def _marks(self) -> Marks:
        marks: dict[Path, tuple[int, int]] = {}
        for path in self._directory.glob("**/*.py"):
            if path.parent == self._directory and path.name.startswith("_"):
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            marks[path] = (status.st_mtime_ns, status.st_size)
        return marks

    def _plugin(self, path: Path) -> str:
        first = path.relative_to(self._directory).parts[0]
        return f"{self._namespace}.{first.removesuffix('.py')}"

    async def _replace(self, name: str, *, exists: bool) -> None:
        old = _forget_modules(name)
        if exists:
            importlib.invalidate_caches()
            try:
                importlib.import_module(name)
            except Exception:
                _log.exception("%s cannot be loaded; the old one stays.", name)
                _remember_modules(name, old)
                return
        views = self._unbound_views()
        await self._unload(name)
        if not exists:
            _log.info("%s is gone.", name)
            return
        try:
            await self._load(name)
        except Exception as error:
            await self._unload(name)
            _remember_modules(name, old)
            if old:
                await self._load(name)
            # Said once it is true: until here the plugin's commands were not there.
            _log.error("%s cannot be opened; the old one stays.", name, exc_info=error)
            return
        self._retire(views)
        _log.info("%s was loaded again.", name)

    async def _load(self, name: str) -> None:
        await _with_its_tasks(lambda: self._commands.load_modules(name))

    async def _unload(self, name: str) -> None:
        self._router.forget(name)
        try:
            await _with_its_tasks(lambda: self._commands.unload_modules(name))
        except tanjun.ModuleStateConflict:
            # New, or it never came as far as being loaded.
            return

    def _unbound_views(self) -> dict[str, miru.View]:
        # miru tells of no view by its plugin, and only by ids that one has to know.
        return dict(self._views._unbound_views)  # pyright: ignore[reportPrivateUsage]

    def _retire(self, before: Mapping[str, miru.View]) -> None:
        """Ends what is left of the views that a new one took ids of."""
        now = self._unbound_views()
        taken = {view for custom_id, view in before.items() if now.get(custom_id) is not view}
        left = [custom_id for custom_id, view in now.items() if view in taken]
        for custom_id in left:
            del self._views._unbound_views[custom_id]  # pyright: ignore[reportPrivateUsage] - as above

    def _set_of_commands(self) -> dict[tuple[object, str], object]:
        factory = self._commands.rest.entity_factory
        commands = (*self._commands.iter_slash_commands(), *self._commands.iter_menu_commands())
        return {(each.type, each.name): each.build().build(factory) for each in commands}


def _drop_cached(paths: Iterable[Path]) -> None:
    """Python takes compiled code for fresh when its source has the same second and size."""
    for path in paths:
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


async def _with_its_tasks(act: Callable[[], object]) -> None:
    """Calls what starts tasks, as Tanjun does to open and close a component, and waits for them."""
    before = asyncio.all_tasks()
    act()
    await asyncio.gather(*(asyncio.all_tasks() - before))


def _forget_modules(name: str) -> dict[str, ModuleType]:
    """Takes a plugin with all its parts out of the imported modules; gives what was taken."""
    mine = [each for each in sys.modules if each == name or each.startswith(f"{name}.")]
    return {each: sys.modules.pop(each) for each in mine}


def _remember_modules(name: str, modules: Mapping[str, ModuleType]) -> None:
    _forget_modules(name)
    sys.modules.update(modules)
