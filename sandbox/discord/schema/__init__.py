"""Holding REST traffic against the OpenAPI file Discord publishes: what bots send, what the sandbox answers.

The file (MIT licence, repository discord/discord-api-spec) is not part of this project: see `find_schema`.
"""

from sandbox.discord.schema.check import Schema
from sandbox.discord.schema.document import find_schema
from sandbox.discord.schema.report import Exchange, Findings, Report

__all__ = ["Exchange", "Findings", "Report", "Schema", "find_schema"]
