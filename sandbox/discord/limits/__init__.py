"""What Discord refuses with 400 and code 50035, as pure functions over decoded request bodies.

Text lengths count Unicode code points. Error codes and messages are those Discord sends where they are known;
a bot must not depend on their wording, only on the path.
"""

from sandbox.discord.limits.commands import autocomplete, command, commands
from sandbox.discord.limits.form import Invalid, whole
from sandbox.discord.limits.guilds import bulk_delete, channel, member, overwrite, role
from sandbox.discord.limits.messages import deferral, is_empty, message
from sandbox.discord.limits.modals import modal

__all__ = [
    "Invalid",
    "autocomplete",
    "bulk_delete",
    "channel",
    "command",
    "commands",
    "deferral",
    "is_empty",
    "member",
    "message",
    "modal",
    "overwrite",
    "role",
    "whole",
]
