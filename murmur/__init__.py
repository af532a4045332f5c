"""Murmur: a Twitter-like platform behind one federated GraphQL API."""
