"""One process of Skipline: settings, wiring, life cycle, command line."""
