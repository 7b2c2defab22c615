"""What is true now: Redis keys, the moves of the queue, the change feed, leases."""
