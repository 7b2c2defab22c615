"""Every sentence the code asks for is there, every sentence that is there is asked for, in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from components import texts
from components.texts import FALLBACK, describe, fill, language_named, language_of, languages, number, say

ROOT = Path(__file__).parents[2]
FOREIGN = languages()[1:]

# What an f-string may put into a key.
OPEN = r"[\w.]+"

# Limits of Discord (Reference): descriptions of commands and options, titles and labels of modals, labels of
# buttons, placeholders of selects.
DESCRIPTION, MODAL, BUTTON, PLACEHOLDER = 100, 45, 80, 150


@cache
def sentences(language: str) -> Mapping[str, str]:
    return texts._sentences(language)


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def filled(sentence: str) -> str:
    return fill(sentence, dict.fromkeys(placeholders(sentence), "12"))


@dataclass
class Asked:
    """What one module asks for: keys by themselves, patterns of keys, whatever else may be part of one."""

    where: str
    keys: list[tuple[int, str, set[str] | None]] = field(default_factory=list)
    patterns: list[tuple[int, str]] = field(default_factory=list)
    descriptions: set[str] = field(default_factory=set)
    limited: dict[str, int] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    suffixes: set[str] = field(default_factory=set)


def _literals(node: ast.expr) -> Iterator[ast.expr]:
    """The literals an argument may be: both sides of a condition."""
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.Constant | ast.JoinedStr):
        yield node


def _pattern(node: ast.JoinedStr) -> str:
    return "".join(
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else OPEN for part in node.values
    )


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _prefix(tree: ast.Module) -> str:
    """The feature of a class whose `say` puts it before the name of a sentence."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "say":
            for inner in ast.walk(node):
                if isinstance(inner, ast.JoinedStr) and isinstance(inner.values[0], ast.Constant):
                    return str(inner.values[0].value)
    return ""


def _limit(call: ast.Call) -> Iterator[tuple[ast.expr, int]]:
    """Arguments of calls that Discord limits."""
    name = _name(call)
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in ("ask", "InteractionModalBuilder", "create_modal_response") and call.args:
        yield call.args[0], MODAL
    if name in ("add_text_input", "_input") and len(call.args) > 1:
        yield call.args[1], MODAL
    if name.startswith("add_") and name.endswith("_button") and "label" in given:
        yield given["label"], BUTTON
    if "placeholder" in given:
        yield given["placeholder"], MODAL * 2 if name == "add_text_input" else PLACEHOLDER


def _read(path: Path) -> Asked:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = any(
        isinstance(node, ast.ImportFrom) and node.module == "components.texts" for node in tree.body
    )
    if not imports and path.parent.name != "texts":
        return Asked(str(path.relative_to(ROOT)))
    asked, prefix = Asked(str(path.relative_to(ROOT))), _prefix(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _name(node) in ("say", "describe"):
            own = isinstance(node.func, ast.Attribute)
            spread = any(keyword.arg is None for keyword in node.keywords)
            values = None if spread else {keyword.arg for keyword in node.keywords if keyword.arg}
            for literal in _literals(node.args[0]):
                if isinstance(literal, ast.JoinedStr):
                    pattern = (re.escape(prefix) if own else "") + _pattern(literal)
                    if pattern != re.escape(prefix) + OPEN:
                        asked.patterns.append((node.lineno, pattern))
                elif isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                    key = (prefix if own else "") + literal.value
                    asked.keys.append((node.lineno, key, values))
                    if _name(node) == "describe":
                        asked.descriptions.add(key)
        if isinstance(node, ast.Call):
            for argument, limit in _limit(node):
                if isinstance(argument, ast.Call) and _name(argument) == "say" and argument.args:
                    for literal in _literals(argument.args[0]):
                        if isinstance(literal, ast.Constant):
                            asked.limited[str(literal.value)] = limit
        if isinstance(node, ast.JoinedStr) and (pattern := _pattern(node)) != re.escape(prefix) + OPEN:
            asked.patterns.append((0, pattern))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            asked.words.add(node.value)
            if node.value.startswith("_"):
                asked.suffixes.add(node.value)
    return asked


@cache
def modules() -> tuple[Asked, ...]:
    return tuple(
        _read(path) for package in ("bot", "components", "plugins") for path in (ROOT / package).rglob("*.py")
    )


def test_every_sentence_asked_for_is_there() -> None:
    known = sentences(FALLBACK)
    missing = [
        f"{module.where}:{line} asks for {key}"
        for module in modules()
        for line, key, _ in module.keys
        if key not in known
    ]
    missing += [
        f"{module.where}:{line} asks for {pattern}"
        for module in modules()
        for line, pattern in module.patterns
        if line and not any(re.fullmatch(pattern, key) for key in known)
    ]
    assert not missing, "\n".join(missing)


def test_every_sentence_gets_what_it_needs() -> None:
    lacking = [
        f"{module.where}:{line} gives {key} no {', '.join(sorted(needed))}"
        for module in modules()
        for line, key, values in module.keys
        if values is not None
        and key in sentences(FALLBACK)
        and (needed := placeholders(sentences(FALLBACK)[key]) - values)
    ]
    assert not lacking, "\n".join(lacking)


@cache
def names() -> frozenset[str]:
    """Every word our code knows as one: what an f-string may put into a key is among them."""
    found: set[str] = set()
    for package in ("bot", "components", "plugins", "state"):
        for path in (ROOT / package).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found |= {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
            # Discord's names of permissions are texts, too.
            found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return frozenset(found)


def _used(module: Asked) -> set[str]:
    known = sentences(FALLBACK)
    # A word with a dot is a key or the beginning of one, which a suffix in the same module completes.
    keys = {key for _, key, _ in module.keys} | {word for word in module.words if "." in word}
    for _ in range(2):
        keys |= {key + suffix for key in keys for suffix in module.suffixes}
    used = keys & set(known)
    for _, pattern in module.patterns:
        if re.match(r"[a-z]+\\\.", pattern):
            feature, _, rest = pattern.partition("\\.")
            found = {key for key in known if re.fullmatch(pattern, key)}
            # A pattern that fits all of a feature asks only for names the code knows.
            used |= {key for key in found if rest != OPEN or key.removeprefix(f"{feature}.") in names()}
    return used


def test_no_sentence_is_left_over() -> None:
    used = set[str]().union(*(_used(module) for module in modules()))
    assert sorted(set(sentences(FALLBACK)) - used) == []


@pytest.mark.parametrize("language", FOREIGN)
def test_every_language_has_every_sentence(language: str) -> None:
    missing = sorted(set(sentences(FALLBACK)) - set(sentences(language)))
    assert missing == [], f"write them in components/texts/{language}"


def test_a_foreign_language_has_nothing_of_its_own() -> None:
    extra = [f"{language} {key}" for language in FOREIGN for key in sentences(language)]
    assert [each for each in extra if each.partition(" ")[2] not in sentences(FALLBACK)] == []


@pytest.mark.parametrize("language", FOREIGN)
def test_what_is_filled_in_is_the_same_in_every_language(language: str) -> None:
    wrong = [
        key
        for key, sentence in sentences(language).items()
        if key in sentences(FALLBACK) and placeholders(sentence) != placeholders(sentences(FALLBACK)[key])
    ]
    assert wrong == []


@pytest.mark.parametrize("language", FOREIGN)
def test_commands_keep_their_names_in_every_language(language: str) -> None:
    def commands(sentence: str) -> list[str]:
        return sorted(re.findall(r"/[a-z]+(?: [a-z]+)?`", sentence))

    wrong = [
        key
        for key, sentence in sentences(language).items()
        if commands(sentence) != commands(sentences(FALLBACK).get(key, ""))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", languages())
def test_every_sentence_can_be_said(language: str) -> None:
    for key, sentence in sentences(language).items():
        assert sentence, key
        needed = placeholders(sentence)
        assert all(re.fullmatch("[a-z_]+", name) for name in needed), f"{key}: fill in by name alone"
        said = say(key, language, **dict.fromkeys(needed, "12"))
        # A sentence without anything to fill in is said as it stands, so a doubled brace would be seen.
        assert not set("{}") & set(said), key


@pytest.mark.parametrize("language", languages())
def test_lengths_are_those_discord_takes(language: str) -> None:
    limits: dict[str, int] = {}
    for module in modules():
        limits |= dict.fromkeys(module.descriptions, DESCRIPTION) | module.limited
    known = {key: sentences(language)[key] for key in limits if key in sentences(language)}
    assert known
    long = [key for key, sentence in known.items() if len(filled(sentence)) > limits[key]]
    assert long == []


def test_spanish_is_spoken_on_both_sides_of_the_sea() -> None:
    for locale in ("es-ES", "es-419"):
        assert language_of(locale) == "es-ES"
        assert say("common.cancelled", locale) == "No se ha cambiado nada."
    described = describe("queue.description")
    assert described["es-ES"] == described["es-419"] != described["default"]


@pytest.mark.parametrize("locale", ["en", "en-GB", "en-US", "de", "", "es-XX", "../en"])
def test_everybody_else_reads_english(locale: str) -> None:
    assert say("common.cancelled", locale) == "Nothing was changed."


@pytest.mark.parametrize(
    ("text", "language"),
    [("Español", "es-ES"), ("ES", "es-ES"), ("es-419", "es-ES"), ("english", "en"), ("de", None), ("", None)],
)
def test_a_language_is_known_by_name_and_code(text: str, language: str | None) -> None:
    assert language_named(text) == language


def test_a_number_is_grouped_as_the_language_does() -> None:
    assert (number(999), number(12_345_678)) == ("999", "12,345,678")
    # A comma would begin the decimals there.
    assert number(12_345, "es-419") == "12\u202f345"


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("common.no_such_sentence")
    with pytest.raises(KeyError):
        say("common.choose_tier", unrelated=1)


# What stands in code and is read by people nevertheless: marks that the bot reads back from its own messages,
# and an example of the ladder's notation.
_MARKS = {
    "components/panel.py",
    "components/history.py",
    "components/announcements.py",
    "components/ladder_lines.py",
}
_FOR_PROGRAMS = {
    "ValueError",
    "KeyError",
    "TypeError",
    "RuntimeError",
    "report",
    "explain",
    "create_task",
    "compile",
}
_FOR_PROGRAMS |= {"debug", "info", "warning", "error", "exception", "cast", "TypeVar", "rc_context"}


def _spoken(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Literals of two words or more that no program alone reads."""
    unread: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            unread.add(id(node.value))
        if isinstance(node, ast.Call) and _name(node) in _FOR_PROGRAMS:
            unread |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in unread:
            continue
        if re.search(r"[A-Za-z]{2,}[,.:;]? [A-Za-z]{2,}", node.value):
            yield node.lineno, node.value


def test_no_sentence_stands_in_the_code() -> None:
    files: list[Path] = [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "components").rglob("*.py")]
    files += [ROOT / "bot" / f"{name}.py" for name in ("answers", "errors", "hooks", "router")]
    found: list[Any] = []
    for path in files:
        where = str(path.relative_to(ROOT))
        if where in _MARKS:
            continue
        found += [
            f"{where}:{line} {text!r}" for line, text in _spoken(ast.parse(path.read_text(encoding="utf-8")))
        ]
    assert found == []


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "1 song is on hold."),
        ("1", "1 song is on hold."),
        (0, "0 songs are on hold."),
        (21, "21 songs are on hold."),
    ],
)
def test_a_word_goes_with_its_number(count: object, told: str) -> None:
    assert say("refusal.empty_held", count=count) == told


def test_what_is_filled_in_is_not_read_again() -> None:
    assert (
        fill("{name}: {count} {count:song|songs}", {"name": "{count:a|b}", "count": 1})
        == "{count:a|b}: 1 song"
    )


@pytest.mark.parametrize("language", languages())
def test_a_word_after_a_number_has_both_forms(language: str) -> None:
    known = sentences(language)
    forms = {form for each in known.values() for form in re.findall(r"\|([^{}|]+)\}", each)}
    # A limit is told of only when it is more than one.
    counted = re.compile(rf"\{{(?!limit)[a-z_]+\}}(\*\*)? ({'|'.join(map(re.escape, sorted(forms)))})\b")
    assert forms
    assert [key for key, each in known.items() if f"{key}_one" not in known and counted.search(each)] == []
