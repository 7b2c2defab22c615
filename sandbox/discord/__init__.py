"""A local Discord: REST v10 and gateway on loopback, strict where Discord is strict."""

from sandbox.discord.channels import Channel
from sandbox.discord.exchanges import Exchange
from sandbox.discord.guilds import Guild
from sandbox.discord.intents import Intent
from sandbox.discord.members import Role, User
from sandbox.discord.messages import Attachment, Message, Upload
from sandbox.discord.options import ClientRefused
from sandbox.discord.people import Person
from sandbox.discord.permissions import Overwrite, OverwriteType, Permission
from sandbox.discord.replies import Modal, Reply
from sandbox.discord.server import Sandbox

__all__ = [
    "Attachment",
    "Channel",
    "ClientRefused",
    "Exchange",
    "Guild",
    "Intent",
    "Message",
    "Modal",
    "Overwrite",
    "OverwriteType",
    "Permission",
    "Person",
    "Reply",
    "Role",
    "Sandbox",
    "Upload",
    "User",
]
