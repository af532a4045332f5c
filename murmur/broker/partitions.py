"""Which partition a key is in: the same in every log, so that records keep their order when they move from one to another."""


def partition_of(key: int, partitions: int) -> int:
    """Where a key's records go. Snowflakes differ little in their low bits, so the key is mixed first (Fibonacci hashing)."""
    return ((key * 0x9E3779B97F4A7C15 & 0xFFFF_FFFF_FFFF_FFFF) >> 32) % partitions
