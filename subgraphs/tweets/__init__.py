"""Tweets, what people do with them, and the threads they form."""
