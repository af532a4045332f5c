"""Adapters of the tweet store, one a file."""
