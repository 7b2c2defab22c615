"""Every sentence people read, by language and feature: `texts/<language>/<feature>.toml`.

A key is `<feature>.<name>`, e.g. `submit.confirmed`. A sentence missing in a language falls back to English.
A word after a number is written in both forms, `{count} {count:song|songs}`: the first is for exactly one.
This package imports nothing of ours, so that the leaf modules of `bot` may use it as well.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

FALLBACK: Final = "en"

RELATED: Final[Mapping[str, tuple[str, ...]]] = {"es-ES": ("es-419",)}
"""Further locales of Discord that a language serves (Discord, Reference, Locales); English needs none."""


_FORMS: Final = re.compile(r"\{(?P<name>[a-z_]+):(?P<one>[^{}|]*)\|(?P<more>[^{}|]*)\}")


@cache
def _sentences(language: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    folder = files("components.texts") / language
    if not folder.is_dir():
        return found
    for file in folder.iterdir():
        if file.name.endswith(".toml"):
            feature = file.name.removesuffix(".toml")
            table = tomllib.loads(file.read_text(encoding="utf-8"))
            found.update({f"{feature}.{name}": str(value) for name, value in table.items()})
    return found


@cache
def languages() -> tuple[str, ...]:
    """Languages there are texts in, English first; named as Discord's locales, e.g. `es-ES`."""
    folder = files("components.texts")
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and "__" not in entry.name)
    return (FALLBACK, *(name for name in names if name != FALLBACK))


@cache
def language_of(locale: str) -> str:
    """The language a person with that locale of Discord reads: `es-ES` for `es-419`, English for `de`."""
    for language in languages():
        if locale == language or locale in RELATED.get(language, ()):
            return language
    return FALLBACK


def language_named(text: str) -> str | None:
    """The language somebody means by its name or code: `Español`, `es`, `es-ES`; None for any other text."""
    wanted = text.strip().casefold()
    for language in languages():
        names = {
            language,
            language.partition("-")[0],
            *RELATED.get(language, ()),
            say("language.name", language),
        }
        if wanted in {name.casefold() for name in names}:
            return language
    return None


def say(key: str, /, locale: str = FALLBACK, **values: object) -> str:
    """The sentence of a key in a person's language, with `values` filled in.

    `locale` is Discord's (`en-GB`, `es-ES`); raises `KeyError` for a key that English lacks.
    """
    sentence = _sentences(language_of(locale)).get(key) or _sentences(FALLBACK)[key]
    return fill(sentence, values) if values else sentence


def fill(sentence: str, values: Mapping[str, object]) -> str:
    """A sentence with its values; `{count:song|songs}` is the form that goes with the number `count`."""
    # Most sentences count nothing, and looking for forms takes longer than filling in.
    if "|" in sentence:
        sentence = _FORMS.sub(
            lambda found: found["one" if str(values[found["name"]]) == "1" else "more"], sentence
        )
    return sentence.format_map(values)


def number(value: int, locale: str = FALLBACK) -> str:
    """A whole number as that language groups its thousands: `12,345`."""
    return f"{value:,}".replace(",", say("language.thousands", locale))


def describe(key: str) -> dict[str, str]:
    """A command's or option's description in every language, as Tanjun takes it."""
    described = {"default": say(key)}
    for language in languages()[1:]:
        if key in _sentences(language):
            for locale in (language, *RELATED.get(language, ())):
                described[locale] = say(key, language)
    return described
