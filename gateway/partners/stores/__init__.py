"""Adapters of the partners' store, one a file."""
