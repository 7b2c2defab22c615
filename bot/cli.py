"""The `skipline` command."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bot import backup_cli
from bot.errors import SettingsError, StartupError
from bot.settings import Role, load

__all__ = ["main"]

DESCRIPTION = "Skipline: a Discord bot for people who review music live on TikTok."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 failed, 2 a setting or argument is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.action(options))
    except StartupError as error:
        print(f"skipline: {error}", file=sys.stderr)  # noqa: T201 - the command line speaks
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="skipline",
        description=DESCRIPTION,
        epilog="Settings come from the environment and from .env; .env.example lists them all.",
    )
    parser.add_argument("--version", action="version", version=f"skipline {version('skipline')}")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    run = actions.add_parser("run", help="run the bot")
    run.add_argument(
        "--role",
        choices=[str(role) for role in Role],
        help="what this process does; by default all of it (or SKIPLINE_ROLE)",
    )
    run.add_argument(
        "--shards",
        metavar="FIRST-LAST/COUNT",
        help='the shards of this process, e.g. 0-3/8, or "auto" (or SKIPLINE_SHARDS)',
    )
    run.add_argument(
        "--reload",
        action="store_true",
        help="load a changed plugin again without a restart; for the server named by GUILD_ID",
    )
    run.set_defaults(action=_run)

    doctor = actions.add_parser("doctor", help="check everything and say what to mend")
    doctor.set_defaults(action=_doctor)

    inspect = actions.add_parser("inspect", help="show what Redis holds of one server; changes nothing")
    inspect.add_argument("guild", metavar="GUILD", type=_guild, help="the server's id")
    inspect.set_defaults(action=_inspect)

    backup_cli.add_to(actions)

    demo = actions.add_parser("demo", help="play a review session on local copies of Discord and TikTok")
    length = demo.add_mutually_exclusive_group()
    length.add_argument("--once", action="store_true", help="end after it; exit code 0 if all went well")
    length.add_argument(
        "--tour", action="store_true", help="leave the story out and go to the tour on the page"
    )
    demo.add_argument(
        "--live", metavar="FILE", type=Path, help="then play a recorded live (docs/sandbox-tiktok.md)"
    )
    demo.add_argument(
        "--speed", metavar="FACTOR", type=_speed, default=1.0, help="how fast; 1 as it was recorded"
    )
    demo.add_argument(
        "--sample", metavar="FILE", type=Path, help="write a short recording for --live, and end"
    )
    demo.set_defaults(action=_demo)
    return parser


def _run(options: argparse.Namespace) -> int:
    # Before the import, which takes a second: a wrong setting is told at once.
    settings = load(role=options.role, shards=options.shards)
    if options.reload and settings.guild_id is None:
        raise SettingsError("--reload is for a server to develop in; set GUILD_ID to its id.")
    if options.reload and settings.role is Role.WORKER:
        raise SettingsError("--reload is for a process that answers people; a worker loads no plugins.")
    import hikari

    from bot import app

    try:
        return app.run(settings, reload=options.reload)
    except hikari.HTTPError as error:
        raise StartupError(
            f"Discord cannot be used at {settings.rest_url}; check the network and DISCORD_REST_URL, "
            "or run skipline doctor."
        ) from error


def _doctor(_: argparse.Namespace) -> int:
    from bot import doctor

    return doctor.run()


def _inspect(options: argparse.Namespace) -> int:
    settings = load()
    from bot import inspection

    return inspection.run(settings, options.guild)


def _guild(text: str) -> int:
    if not re.fullmatch("[0-9]{1,20}", text):
        raise argparse.ArgumentTypeError("a server's id has digits only")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1000:
        raise argparse.ArgumentTypeError("a speed is a number above 0, at most 1000")
    return speed


def _demo(options: argparse.Namespace) -> int:
    from bot import demo

    if options.sample is not None:
        count = demo.write_sample(options.sample)
        print(f"{options.sample}: {count} actions. Play it: skipline demo --live {options.sample}")  # noqa: T201 - the command line speaks
        return 0
    return demo.run(once=options.once, tour=options.tour, live=options.live, speed=options.speed)


if __name__ == "__main__":
    sys.exit(main())
