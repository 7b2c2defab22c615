"""The rules of the queue in plain Python, as slow and simple as possible."""

from __future__ import annotations

from tests.state.model.accounts import Accounts
from tests.state.model.artists import Artists
from tests.state.model.reviewers import Reviewers
from tests.state.model.songs import ACTIVE, ModelSong, Refusal

__all__ = ["ACTIVE", "Model", "ModelSong", "Refusal"]


class Model(Artists, Reviewers, Accounts):
    """The whole of them; each method is a move, which raises `Refusal` where the rules forbid it."""
