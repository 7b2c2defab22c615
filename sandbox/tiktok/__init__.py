"""A local TikTok: pages, webcast, sign server and push socket on loopback, as TikTokLive speaks to them."""

from sandbox.tiktok.books import Account, Books, Delivery, Message, Totals, account
from sandbox.tiktok.faults import Fault, Faults
from sandbox.tiktok.generator import Evening
from sandbox.tiktok.gifts import GIFTS, ROSE, UNIVERSE, Gift, gift_named
from sandbox.tiktok.live import Live
from sandbox.tiktok.people import Host, Streak, Viewer
from sandbox.tiktok.profiles import Size
from sandbox.tiktok.push import Connection
from sandbox.tiktok.recording import (
    BadRecordingError,
    Player,
    load_recording,
    read_recording,
    write_recording,
)
from sandbox.tiktok.server import TikTok

__all__ = [
    "GIFTS",
    "ROSE",
    "UNIVERSE",
    "Account",
    "BadRecordingError",
    "Books",
    "Connection",
    "Delivery",
    "Evening",
    "Fault",
    "Faults",
    "Gift",
    "Host",
    "Live",
    "Message",
    "Player",
    "Size",
    "Streak",
    "TikTok",
    "Totals",
    "Viewer",
    "account",
    "gift_named",
    "load_recording",
    "read_recording",
    "write_recording",
]
