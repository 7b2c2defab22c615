"""From press to first answer, and what it is measured against.

The bots here are run as processes of their own, `python -m benchmarks.interactions.<name>`, on a sandbox
Discord. All of them run on uvloop, as Skipline does.
"""
