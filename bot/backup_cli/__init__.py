"""`skipline backup now|list|verify` and `skipline restore`: backups at the terminal.

They run beside a running bot or without one. What Redis and PostgreSQL are not needed for works without them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["add_to"]


def add_to(actions: Any) -> None:
    """Add the commands to the `skipline` command; `actions` is what argparse's `add_subparsers` gives."""
    backup = actions.add_parser("backup", help="take, list and check backups")
    verbs = backup.add_subparsers(required=True, metavar="now|list|verify")
    for name, help_ in (
        ("now", "take a backup of every server, or of one"),
        ("list", "show what backups there are"),
        ("verify", "check every backup, both copies; exit code 1 when one is damaged"),
    ):
        verb = verbs.add_parser(name, help=help_, description=help_)
        _guild_option(verb)
        verb.set_defaults(action=_action(name))

    back = actions.add_parser("restore", help="put a server's queue back to a backup (looks first)")
    _guild_option(back)
    which = back.add_mutually_exclusive_group()
    which.add_argument("--at", metavar="TIME", help='the last one up to then, e.g. "2026-11-21 14:00" (UTC)')
    which.add_argument("--revision", type=int, metavar="N", help="the one of this revision")
    which.add_argument("--file", type=Path, metavar="PATH", help="this file")
    back.add_argument("--yes", action="store_true", help="do it; without, only show what would change")
    back.set_defaults(action=_action("restore"))


def _guild_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--guild", type=int, metavar="ID", help="the id of the Discord server")


def _action(name: str) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        # Here, since it takes a moment to load and most commands do without it.
        from bot.backup_cli import commands

        return commands.run(name, options)

    return run
