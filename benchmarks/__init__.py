"""Side-by-side measurements. Each compares within one run; none is a test."""
