"""`python -m bot.documentation`."""

from __future__ import annotations

import sys

from bot.documentation import main

if __name__ == "__main__":
    sys.exit(main())
