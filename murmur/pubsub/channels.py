"""The channels that one part of the platform publishes to and another listens to."""


def tweet_channel(tweet_id: int) -> str:
    """Where it is said that something has changed about a tweet."""
    return f"tweet:{tweet_id}"
