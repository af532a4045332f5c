"""What partners may run: API keys, and the documents that each of them has published."""
