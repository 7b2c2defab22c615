"""What people feel while a live is busy."""
