"""What a person does on the page, done through `Person` and by nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from sandbox.discord.messages import Upload
from sandbox.discord.options import ClientRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sandbox.discord.channels import Channel
    from sandbox.discord.messages import Message
    from sandbox.discord.refusals import Json
    from sandbox.discord.replies import Modal, Reply
    from sandbox.page.screen import Screen

KEPT_UPLOADS: Final = 10
"""Files that wait for the message, command or form they are meant for; Discord's limit for a message."""


class Acts:
    """The acts of one open page, with the files it uploaded and the forms it was shown."""

    def __init__(
        self, screen: Screen, beside: Mapping[str, Callable[[Json], Awaitable[Json]]] | None = None
    ) -> None:
        self._screen = screen
        self._person = screen.person
        self._uploads: dict[str, Upload] = {}
        self._modals: dict[str, Modal] = {}
        self._known: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "commands": self._commands,
            "say": self._say,
            "command": self._command,
            "autocomplete": self._autocomplete,
            "menus": self._menus,
            "use": self._use,
            "press": self._press,
            "choose": self._choose,
            "submit": self._submit,
            "close": self._close,
            "dismiss": self._dismiss,
            **(beside or {}),
        }

    async def do(self, act: Json) -> Json:
        """Do what `act["do"]` names and give the answer.

        Raises ClientRefused for what Discord's client would not do, and for what the page never sends.
        """
        found = self._known.get(str(act.get("do")))
        if found is None:
            raise ClientRefused("the page knows no such act")
        return await found(act)

    def upload(self, name: str, content_type: str, content: bytes) -> Json:
        """Keep a file until it is sent; the oldest goes when there are too many."""
        while len(self._uploads) >= KEPT_UPLOADS:
            del self._uploads[next(iter(self._uploads))]
        kept = Upload(name, content, content_type or None)
        key = str(id(kept))
        self._uploads[key] = kept
        return {"upload": key}

    async def _commands(self, act: Json) -> Json:
        return {"commands": self._screen.commands(self._channel(act))}

    async def _say(self, act: Json) -> Json:
        files = [self._value(each) for each in _list(act, "files")]
        channel = self._channel(act)
        sent = await self._person.say(channel, str(act.get("text") or ""), files)
        self._forget(files)
        return {"message": str(sent.id)}

    async def _command(self, act: Json) -> Json:
        options = self._values(act, "options")
        reply = await self._person.command(str(act.get("name")), self._channel(act), options=options)
        self._forget(options.values())
        return self._answer(reply)

    async def _autocomplete(self, act: Json) -> Json:
        name, option, text = (str(act.get(key) or "") for key in ("name", "option", "text"))
        given = {key: each for key, each in self._values(act, "options").items() if key != option}
        try:
            found = await self._person.autocomplete(name, option, text, self._channel(act), options=given)
        except TimeoutError:
            raise ClientRefused("Loading options failed") from None
        return {"choices": [{"name": shown, "value": value} for shown, value in found]}

    async def _menus(self, act: Json) -> Json:
        return {"menus": self._screen.menus(self._channel(act))}

    async def _use(self, act: Json) -> Json:
        """Run a context menu command on a message, or where `user` is given on that person."""
        name, channel = str(act.get("name")), self._channel(act)
        if act.get("user") is None:
            return self._answer(await self._person.use_on(name, self._message(act)))
        guild, wanted = self._person.guild, str(act["user"])
        found = next((each for each in guild.members if str(each) == wanted), None)
        if found is None:
            raise ClientRefused("this person is not here")
        return self._answer(await self._person.use_on(name, guild.person(found), channel))

    async def _press(self, act: Json) -> Json:
        return self._answer(await self._person.press(self._message(act), str(act.get("custom_id"))))

    async def _choose(self, act: Json) -> Json:
        message = self._message(act)
        reply = await self._person.choose(message, str(act.get("custom_id")), _list(act, "values"))
        return self._answer(reply)

    async def _submit(self, act: Json) -> Json:
        key = str(act.get("modal"))
        fields = self._values(act, "fields")
        reply = await self._person.submit(self._modals.get(key), fields)
        answer = self._answer(reply)
        self._modals.pop(key, None)
        self._forget(fields.values())
        return answer

    async def _close(self, act: Json) -> Json:
        self._modals.pop(str(act.get("modal")), None)
        return {}

    async def _dismiss(self, act: Json) -> Json:
        self._person.dismiss(self._message(act))
        return {}

    def _answer(self, reply: Reply) -> Json:
        if not reply.ok:
            raise ClientRefused(reply.refusal or "Something went wrong. Try again.")
        if reply.modal is None:
            return {}
        key = str(reply.interaction.id)
        self._modals[key] = reply.modal
        return {"modal": {"id": key, "title": reply.modal.title, "components": reply.modal.components}}

    def _channel(self, act: Json) -> Channel:
        given = str(act.get("channel"))
        found = next((each for each in self._screen.channels() if str(each.id) == given), None)
        if found is None:
            raise ClientRefused("this person does not see the channel")
        return found

    def _message(self, act: Json) -> Message:
        given = str(act.get("message"))
        for message in self._person.sees(self._channel(act)):
            if str(message.id) == given:
                return message
        raise ClientRefused("the message is not on this person's screen")

    def _values(self, act: Json, key: str) -> Json:
        given: Any = act.get(key) or {}
        if not isinstance(given, dict):
            raise ClientRefused(f"{key} are given by name")
        return {str(name): self._value(each) for name, each in cast("Json", given).items()}

    def _value(self, given: Any) -> Any:
        if isinstance(given, list):
            return [self._value(each) for each in cast("list[Any]", given)]
        if not isinstance(given, dict):
            return given
        found = self._uploads.get(str(cast("Json", given).get("upload")))
        if found is None:
            raise ClientRefused("the file was not uploaded; choose it again")
        return found

    def _forget(self, values: Any) -> None:
        """Drop the files among values that were sent."""
        flat = [
            one for each in values for one in (cast("list[Any]", each) if isinstance(each, list) else [each])
        ]
        for key in [key for key, kept in self._uploads.items() if any(one is kept for one in flat)]:
            del self._uploads[key]


def _list(act: Json, key: str) -> list[Any]:
    given: Any = act.get(key) or []
    if not isinstance(given, list):
        raise ClientRefused(f"{key} are a list")
    return cast("list[Any]", given)
