"""Moves of the queue against what people would pick instead, and against the floor."""
