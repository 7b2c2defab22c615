"""What is done to the plant, fault by fault. Each comes back once it has healed what it broke."""

from tests.faults.mischief import discord, pauses, postgres, processes, redis, several, tiktok
from tests.faults.mischief.scene import FAULTS, Fault, Scene

__all__ = [
    "FAULTS",
    "Fault",
    "Scene",
    "discord",
    "pauses",
    "postgres",
    "processes",
    "redis",
    "several",
    "tiktok",
]
