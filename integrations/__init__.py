"""Other people's servers. Nothing here knows Discord or Redis."""
