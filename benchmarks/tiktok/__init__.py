"""Events of a live a second, against TikTokLive."""
