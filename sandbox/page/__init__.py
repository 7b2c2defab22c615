"""A page in the browser for the people of a guild: Discord's client, as far as the sandbox goes."""

from sandbox.page.server import Page

__all__ = ["Page"]
