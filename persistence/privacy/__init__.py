"""What is held about one person in one guild: handed out, or forgotten everywhere."""

from persistence.privacy.erasure import Forgotten, Privacy

__all__ = ["Forgotten", "Privacy"]
