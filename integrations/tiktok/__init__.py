"""TikTok Live: what happens on a live, as plain events, from a connection that looks after itself.

`source.py` says what a source of lives must do, `tiktoklive.py` does it with the library TikTokLive, and
`connection.py` keeps one host's live connected. Importing the package is cheap: TikTokLive itself (4 s, 65-95
MB) is imported when a `TikTokLiveSource` is entered, in the process that needs it.
"""
