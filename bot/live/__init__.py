"""The process that listens to TikTok: connections, the books of each live, and what viewers type.

It runs beside the process that answers people, which starts it when some guild wants a host (`child.py`).
"""
