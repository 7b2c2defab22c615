"""How this process is, over HTTP: /healthz, /readyz and /metrics, for whoever runs it.

Nothing of it runs unless a port is set. The figures are counted where things happen and put together when
they are asked for; whatever has to be read from Redis for them is read then.
"""

from bot.health.answers import Answers, CountingReporter
from bot.health.figures import Figures
from bot.health.process import Process
from bot.health.server import Server, serving

__all__ = ["Answers", "CountingReporter", "Figures", "Process", "Server", "serving"]
