"""Adapters of the notification store, one a file."""
