"""Adapters of the search index, one a file."""
