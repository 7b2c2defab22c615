"""Every relative link of the pages leads to a file, and every anchor to a heading. Nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])

FENCED = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"(?<=\n\n)(?:(?: {4}|\t).*\n+)+")
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]: +<?(\S+?)>?(?:\s|$)", re.MULTILINE)
ATTRIBUTE = re.compile(r"(?:href|src)=\"([^\"]+)\"")


def prose(text: str) -> str:
    return CODE.sub("", INDENTED.sub("\n", COMMENT.sub("", FENCED.sub("", text))))


def anchors(text: str) -> set[str]:
    """The ids GitHub gives to headings."""
    found: set[str] = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))
    for title in HEADING.findall(FENCED.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "")
        base = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        slug, number = base, 0
        while slug in found:
            number += 1
            slug = f"{base}-{number}"
        found.add(slug)
    return found


def leads(page: Path, text: str, path: str, fragment: str) -> bool:
    if path:
        target = (page.parent / path).resolve()
        if not target.is_relative_to(ROOT) or not target.exists():
            return False
        if not fragment:
            return True
        if target.suffix != ".md":
            return False
        text = target.read_text("utf-8")
    return not fragment or fragment in anchors(text)


def broken(page: Path, text: str) -> list[str]:
    bare = prose(text)
    wrong: list[str] = []
    for link in [*LINK.findall(bare), *REFERENCE.findall(bare), *ATTRIBUTE.findall(bare)]:
        parts = urlsplit(link)
        if parts.scheme in ("http", "https", "mailto"):
            continue
        if parts.scheme or not leads(page, text, unquote(parts.path), parts.fragment):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page, page.read_text("utf-8")) == []


def test_every_page_can_be_found_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    listed = set(LINK.findall(prose(index)))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"} <= listed
    assert any("docs/" in link for link in LINK.findall(prose((ROOT / "README.md").read_text("utf-8"))))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[a](quick-start.md) and [b](index.md#skipline)", []),
        ("[a](nowhere.md)", ["nowhere.md"]),
        ("[a](index.md#nowhere)", ["index.md#nowhere"]),
        ("## Here, there\n\n[a](#here-there) [b](#there)", ["#there"]),
        ("[a](../../../etc/passwd)", ["../../../etc/passwd"]),
        ("`[a](nowhere.md)`\n\n```\n[a](nowhere.md)\n```\n", []),
        ("[a][b]\n\n[b]: nowhere.md\n", ["nowhere.md"]),
        ("[a](https://example.org/nowhere.md)", []),
        ("[a](javascript:alert)", ["javascript:alert"]),
    ],
)
def test_a_broken_link_is_found(text: str, wrong: list[str]) -> None:
    assert broken(ROOT / "docs" / "page.md", text) == wrong
