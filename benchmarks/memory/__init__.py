"""Memory of the bot at rest, with much to do, and after much was done; see `__main__`."""
