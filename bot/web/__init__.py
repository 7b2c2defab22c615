"""What a process serves over HTTP: the overlays. Nothing of it is needed by the bot in Discord."""

from bot.web.server import serving as serving
