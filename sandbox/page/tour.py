"""A guided tour beside the messages: steps that tick themselves off, and buttons that move the stage.

What a step is and what a button does belongs to whoever starts the page. Everybody who has the page open sees
the same tour.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.discord.options import ClientRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sandbox.discord.channels import Channel
    from sandbox.discord.people import Person
    from sandbox.discord.refusals import Json

_log = logging.getLogger(__name__)


class ControlFailed(Exception):
    """A control did not do what it is for; the text is a sentence for whoever pressed it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who to be, and in which channel."""

    person: Person
    channel: Channel


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: a title, a sentence how, and who does it.

    `done` is asked whenever something may have changed, at once and often; the first True ticks the step for
    good. `note` may say what keeps it from being done. `place` is where it is done, `beside` names the
    section beside the messages instead, such as `tiktok`, and `controls` the buttons that belong to it.
    """

    title: str
    hint: str
    who: str
    done: Callable[[], bool]
    place: Place | None = None
    beside: str = ""
    controls: tuple[str, ...] = ()
    note: Callable[[], str] = str


@dataclass(eq=False, slots=True)
class Control:
    """A button that moves the stage.

    `run` is given a function that tells in a word how far it is, and raises `ControlFailed` where it goes no
    further. `said` is its last word, `failed` whether that is why it failed.
    """

    name: str
    label: str
    hint: str
    run: Callable[[Callable[[str], None]], Awaitable[None]]
    said: str = ""
    busy: bool = False
    failed: bool = False


class Tour:
    """The tour of a page: hidden until there is something to `announce` or to `offer`.

    One control runs at a time, and it runs on when the page of whoever pressed it is closed.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._notice: Json | None = None
        self._steps: Sequence[Step] = ()
        self._ticked: set[int] = set()
        self._notes: dict[int, str] = {}
        self._controls: Sequence[Control] = ()
        self._again: Control | None = None
        self._dismissed = False
        self._running: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[], None]] = []
        self._frame: Json | None = None
        self._look_soon: asyncio.Handle | None = None

    def listen(self, changed: Callable[[], None]) -> None:
        """Call a function whenever `frame` gives something else."""
        self._listeners.append(changed)

    def announce(
        self, title: str, text: str = "", controls: Sequence[Control] = (), *, failed: bool = False
    ) -> None:
        """Show a notice and its controls in place of the steps."""
        self._steps = ()
        self._again = None
        self._controls = controls
        self._notice = {"title": title, "text": text, "failed": failed}
        self._changed()

    def offer(self, steps: Sequence[Step], controls: Sequence[Control] = (), *, again: Control) -> None:
        """Show the steps, none of them ticked, and the controls; `again` prepares it all once more."""
        self._notice = None
        self._steps = steps
        self._ticked = set()
        self._notes = {}
        self._controls = controls
        self._again = again
        self.look()
        self._changed()

    def look(self) -> None:
        """Ask the steps that are not ticked whether they are done."""
        self._look_soon = None
        before = len(self._ticked), dict(self._notes)
        for number, step in enumerate(self._steps):
            if number in self._ticked:
                continue
            try:
                done, note = step.done(), step.note()
            except Exception:
                _log.exception("The step %r could not be looked at", step.title)
                continue
            self._notes[number] = note
            if done:
                self._ticked.add(number)
        if before != (len(self._ticked), self._notes):
            self._changed()

    def look_soon(self) -> None:
        """Look once, after all that happens in this moment."""
        if self._steps and self._look_soon is None:
            self._look_soon = asyncio.get_running_loop().call_soon(self.look)

    async def close(self) -> None:
        """End what a control does."""
        if self._look_soon is not None:
            self._look_soon.cancel()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def frame(self) -> Json:
        """Give the whole of it, for the page; the same object as long as nothing changed."""
        if self._frame is None:
            waiting = [number for number in range(len(self._steps)) if number not in self._ticked]
            self._frame = {
                "type": "tour",
                "title": self.title,
                "notice": self._notice,
                "steps": [self._step(number) for number in range(len(self._steps))],
                "current": waiting[0] if waiting else None,
                "dismissed": self._dismissed,
                "busy": any(each.busy for each in self._buttons()),
                "controls": [_control(each) for each in self._controls],
                "again": None if self._again is None else _control(self._again),
            }
        return self._frame

    async def do(self, act: Json) -> Json:
        """Dismiss the tour, show it again, or press a control. Raises ClientRefused."""
        match act.get("what"):
            case "dismiss":
                self._dismissed = True
            case "show":
                self._dismissed = False
            case "press":
                self._press(str(act.get("control")))
            case _:
                raise ClientRefused("the tour knows no such act")
        self._changed()
        return {}

    def _press(self, name: str) -> None:
        control = next((each for each in self._buttons() if each.name == name), None)
        if control is None:
            raise ClientRefused("there is no such button now")
        if self._running is not None and not self._running.done():
            raise ClientRefused("one thing at a time: something is under way")
        control.busy, control.failed, control.said = True, False, ""
        self._running = asyncio.create_task(self._run(control))

    async def _run(self, control: Control) -> None:
        def tell(word: str) -> None:
            control.said = word
            self._changed()

        try:
            await control.run(tell)
        except ControlFailed as failed:
            control.said, control.failed = str(failed), True
        except Exception:
            _log.exception("The control %r failed", control.name)
            control.said, control.failed = "This did not work; the log says why.", True
        finally:
            control.busy = False
            self.look()
            self._changed()

    def _buttons(self) -> Sequence[Control]:
        return (*self._controls, *(() if self._again is None else (self._again,)))

    def _step(self, number: int) -> Json:
        step, place = self._steps[number], self._steps[number].place
        there = None
        if place is not None:
            there = {"person": str(place.person.id), "channel": str(place.channel.id)}
        return {
            "title": step.title,
            "hint": step.hint,
            "who": step.who,
            "done": number in self._ticked,
            "place": there,
            "beside": step.beside,
            "controls": list(step.controls),
            "note": self._notes.get(number, ""),
        }

    def _changed(self) -> None:
        self._frame = None
        for listener in self._listeners:
            listener()


def _control(control: Control) -> Json:
    return {
        "name": control.name,
        "label": control.label,
        "hint": control.hint,
        "busy": control.busy,
        "said": control.said,
        "failed": control.failed,
    }
