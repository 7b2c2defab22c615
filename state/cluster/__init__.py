"""A Redis Cluster behind the client the rest of the code knows.

redis-py's own cluster client finds the server of each key and follows keys that move. What it does otherwise
than the client of one server stands here: transactions and batches (`batch`), hearing what is announced
(`hearing`), and what all servers say together (`client`).
"""

from __future__ import annotations

from state.cluster.client import Cluster, OwnersOnly

__all__ = ["Cluster", "OwnersOnly"]
