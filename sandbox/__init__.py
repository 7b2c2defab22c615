"""A faithful local stand-in for the services Skipline talks to, for the demo and the tests."""
