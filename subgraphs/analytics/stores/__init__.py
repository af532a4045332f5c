"""Adapters of the analytics store, one a file."""
