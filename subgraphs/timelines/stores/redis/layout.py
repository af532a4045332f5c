"""How a timeline is written in Redis; `timelines.lua` beside this says of what its list is made."""

import struct
import sys
from array import array
from collections.abc import Collection, Sequence

from murmur.post import Post
from subgraphs.timelines.model import KEPT, Entries, Timeline

_LIFE_BYTES = 40
_BUILDING = b"B"
_RETWEET = 1 << 63
_ENTRIES = {16: struct.Struct("<2Q"), 32: struct.Struct("<4Q")}


def pack_entry(post: Post) -> bytes:
    if post.id == post.tweet_id and post.user_id == post.author_id:
        return _ENTRIES[16].pack(post.id, post.user_id)
    return _ENTRIES[32].pack(post.id, post.user_id, post.tweet_id, post.author_id)


def pack_ids(numbers: Collection[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def pack_block(posts: Collection[Post]) -> tuple[bytes, Entries]:
    """The newest of some posts as a block, and as they will be read."""
    entries = Entries()
    entries.merge(posts)
    entries = entries.newest(KEPT)
    flat, others = entries.flat, array("Q")
    positions = flat[0::4]
    if flat[0::4] != flat[1::4] or flat[2::4] != flat[3::4]:
        for index in range(len(positions)):
            tweet = flat[4 * index + 1 : 4 * index + 3]
            if tweet[0] != positions[index] or tweet[1] != flat[4 * index + 3]:
                others.extend(tweet)
                positions[index] |= _RETWEET
    words = array("Q", (len(positions),)) + positions + flat[3::4] + others
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes(), entries


def unpack_timeline(elements: Sequence[bytes]) -> Timeline:
    header, block, *loose = elements
    if loose and loose[-1] == _BUILDING:
        del loose[-2:]
    pulled = _words(header[_LIFE_BYTES:])
    words = _words(block)
    count = words[0]
    positions, posters, others = words[1 : count + 1], words[count + 1 : 2 * count + 1], words[2 * count + 1 :]
    for entry in loose:
        position, poster, *tweet = _ENTRIES[len(entry)].unpack(entry)
        positions.append(position | _RETWEET if tweet else position)
        posters.append(poster)
        others.extend(tweet)
    flat = array("Q", bytes(32 * len(positions)))
    flat[0::4] = flat[1::4] = positions
    flat[2::4] = flat[3::4] = posters
    if others:
        rest = iter(others)
        for index, position in enumerate(positions):
            if position >= _RETWEET:
                flat[4 * index : 4 * index + 3] = array("Q", (position - _RETWEET, next(rest), next(rest)))
    entries = Entries(flat)
    entries.trim(KEPT)
    return Timeline(entries, frozenset(pulled))


def _words(data: bytes) -> "array[int]":
    words = array("Q", data)
    if sys.byteorder == "big":
        words.byteswap()
    return words
