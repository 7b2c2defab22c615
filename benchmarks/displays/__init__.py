"""The displays of queues that are busy and quiet, against bots that poll; see `__main__`."""
