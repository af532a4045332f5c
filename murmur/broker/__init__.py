"""The event log: `ports.py` says what it promises; an adapter a file."""
