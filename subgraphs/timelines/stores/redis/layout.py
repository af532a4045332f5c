"""How a timeline is written in Redis; `timelines.lua` beside this says of what its list is made."""

import struct
import sys
from array import array
from collections.abc import Collection, Sequence

from murmur.post import Post
from subgraphs.timelines.model import KEPT, Entries, Timeline

_LIFE_BYTES = 40
_RETWEET = 1 << 63
_TWEET_ENTRY, _RETWEET_ENTRY = struct.Struct("<2Q"), struct.Struct("<4Q")


def pack_entry(post: Post) -> bytes:
    if post.id == post.tweet_id and post.user_id == post.author_id:
        return _TWEET_ENTRY.pack(post.id, post.user_id)
    return _RETWEET_ENTRY.pack(post.id | _RETWEET, post.user_id, post.tweet_id, post.author_id)


def pack_ids(numbers: Collection[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def pack_block(posts: Collection[Post]) -> tuple[bytes, Entries]:
    """The newest of some posts as a block, and as they will be read."""
    entries = Entries()
    entries.merge(posts)
    entries.trim(KEPT)
    flat, others = entries.flat, array("Q")
    places = array("Q", bytes(16 * len(entries)))
    places[0::2], places[1::2] = flat[0::4], flat[3::4]
    if flat[0::4] != flat[1::4] or flat[2::4] != flat[3::4]:
        for index in range(len(entries)):
            post = entries[index]
            if post.id != post.tweet_id or post.user_id != post.author_id:
                places[2 * index] |= _RETWEET
                others.extend((post.tweet_id, post.author_id))
    return _bytes(array("Q", (len(entries),)) + places + others), entries


def unpack_timeline(elements: Sequence[bytes]) -> Timeline:
    header, block, _, *loose = elements
    words = _words(block)
    end = 2 * words[0] + 1
    entries = Entries(_rows(words[1:end], words[end:]))
    top = entries.flat[-4] if entries else -1
    for row in sorted({_row(entry) for entry in loose}):
        if row[0] > top:
            entries.flat.extend(row)
        else:
            entries.add(Post(*row))
    entries.trim(KEPT)
    return Timeline(entries, frozenset(_words(header[_LIFE_BYTES:])))


def _rows(places: "array[int]", others: "array[int]") -> "array[int]":
    """Positions and posters, and the tweets and authors of the retweets among them, as in `Entries.flat`."""
    flat = array("Q", bytes(16 * len(places)))
    flat[0::4] = flat[1::4] = places[0::2]
    flat[2::4] = flat[3::4] = places[1::2]
    if others:
        rest = iter(others)
        for index, position in enumerate(places[0::2]):
            if position >= _RETWEET:
                flat[4 * index] = position - _RETWEET
                flat[4 * index + 1] = next(rest)
                flat[4 * index + 2] = next(rest)
    return flat


def _row(entry: bytes) -> tuple[int, int, int, int]:
    if len(entry) == _TWEET_ENTRY.size:
        position, poster = _TWEET_ENTRY.unpack(entry)
        return position, position, poster, poster
    position, poster, tweet, author = _RETWEET_ENTRY.unpack(entry)
    return position - _RETWEET, tweet, author, poster


def _words(data: bytes) -> "array[int]":
    words = array("Q", data)
    if sys.byteorder == "big":
        words.byteswap()
    return words


def _bytes(words: "array[int]") -> bytes:
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes()
