"""What Discord tells a message by that is posted a second time."""

from __future__ import annotations

import hashlib


def nonce(*about: object) -> str:
    """The same short word for the same things, in every process; Discord remembers it for minutes."""
    return hashlib.blake2b(" ".join(map(str, about)).encode(), digest_size=10).hexdigest()
