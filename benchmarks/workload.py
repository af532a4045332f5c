"""Who follows whom, and what people do: 60 % home timeline, 30 % user timeline, 10 % compose."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import orjson

from murmur.archive.rows import TweetRow, decode_edge, encode_row
from murmur.clock import to_iso, wall_clock

HOME = """query Home {
  homeTimeline(first: 20) {
    nodes {
      tweet { id text createdAt likeCount retweetCount replyCount author { id handle name } }
      retweetedBy { id handle name }
    }
    pageInfo { endCursor hasNextPage }
  }
}"""
USER = """query Person($id: ID!) {
  user(id: $id) {
    id handle name
    timeline(first: 20) {
      nodes {
        tweet { id text createdAt likeCount retweetCount replyCount author { id handle name } }
        retweetedBy { id handle name }
      }
      pageInfo { endCursor hasNextPage }
    }
  }
}"""
COMPOSE = """mutation Compose($text: String!) {
  createTweet(input: {text: $text}) { tweet { id } userErrors { code message } }
}"""
POSITIONS = """query Positions($first: Int!, $after: String) {
  homeTimeline(first: $first, after: $after) { nodes { tweet { id } } pageInfo { endCursor } }
}"""
PERSON = "query Id($handle: String!) { user(handle: $handle) { id } }"

_MOST_MENTIONS = 5
_MOST_LINKS = 5
_WORDS: tuple[str, ...] = (
    "the", "of", "a", "quiet", "morning", "river", "stone", "paper", "light", "garden", "window", "letter", "small", "train",
    "winter", "old", "map", "coffee", "music", "somewhere",
)  # fmt: skip
_SPAN_MS = 24 * 60 * 60 * 1000


class Kind(Enum):
    HOME = "home timeline"
    USER = "user timeline"
    COMPOSE = "compose"


MIX: Mapping[Kind, float] = {Kind.HOME: 0.6, Kind.USER: 0.3, Kind.COMPOSE: 0.1}


class Graph:
    """People by handle and, for each, the handles of their followers."""

    def __init__(self, edges: Sequence[tuple[str, str]]) -> None:
        followers: defaultdict[str, set[str]] = defaultdict(set)
        for one, other in edges:
            if one != other:
                followers[one].add(other)
                followers[other].add(one)
        self.people: Sequence[str] = sorted(followers)
        self.followers: Mapping[str, AbstractSet[str]] = followers

    @property
    def follows(self) -> int:
        return sum(map(len, self.followers.values()))


def read_graph(path: Path) -> Graph:
    """An undirected edge list: each edge is two follows."""
    with path.open() as lines:
        return Graph([edge for edge in map(decode_edge, lines) if edge is not None])


def write_power_law(path: Path, people: int, each: int = 20, seed: int = 1) -> None:
    """An undirected edge list by preferential attachment: who comes new befriends `each`, those with many friends first."""
    chance = random.Random(seed)
    ends: list[int] = list(range(each))
    lines: list[str] = []
    for person in range(each, people):
        friends: set[int] = set()
        while len(friends) < each:
            friends.add(chance.choice(ends))
        for friend in sorted(friends):
            lines.append(f"p{person} p{friend}\n")
            ends += (person, friend)
    path.write_text("".join(lines))


@dataclass(frozen=True, slots=True)
class Operation:
    """A request of one person, named by handle."""

    kind: Kind
    viewer: str
    body: bytes


class Workload:
    """Draws operations: viewers, authors and who is looked at are uniform over the people, as in the published workload."""

    def __init__(self, graph: Graph, ids: Mapping[str, str], seed: int = 1) -> None:
        self._people = graph.people
        self._ids = ids
        self._chance = random.Random(seed)
        self._home = request(HOME)

    def id_of(self, handle: str) -> int:
        return int(self._ids[handle])

    def draw(self) -> Operation:
        return self.of(self._chance.choices(list(MIX), list(MIX.values()))[0])

    def of(self, kind: Kind) -> Operation:
        viewer = self._chance.choice(self._people)
        match kind:
            case Kind.HOME:
                body = self._home
            case Kind.USER:
                return self.person(viewer, self._chance.choice(self._people))
            case Kind.COMPOSE:
                body = request(COMPOSE, text=compose_text(self._chance, self._people))
        return Operation(kind, viewer, body)

    def person(self, viewer: str, looked_at: str) -> Operation:
        return Operation(Kind.USER, viewer, request(USER, id=self._ids[looked_at]))


def compose_text(chance: random.Random, people: Sequence[str]) -> str:
    """Words, up to 5 mentions and up to 5 links: with the longest handles 85 and 120 of the 280 weighted characters."""
    words = chance.choices(_WORDS, k=chance.randint(3, 9))
    words += (f"@{handle}" for handle in chance.choices(people, k=chance.randint(0, _MOST_MENTIONS)))
    words += (f"https://example.com/{chance.getrandbits(64):x}" for _ in range(chance.randint(0, _MOST_LINKS)))
    chance.shuffle(words)
    return " ".join(words)


def write_archive(path: Path, graph: Graph, each: int, seed: int = 2) -> Path:
    """An archive (docs/archive.md) of `each` tweets of everybody: people by turns, oldest first, over the last day."""
    chance = random.Random(seed)
    authors = [*graph.people] * each
    chance.shuffle(authors)
    start = wall_clock() - _SPAN_MS
    with path.open("wb") as file:
        for place, author in enumerate(authors):
            at = to_iso(start + place * _SPAN_MS // len(authors))
            file.write(encode_row(TweetRow(author=author, text=compose_text(chance, graph.people), created_at=at)) + b"\n")
    return path


def request(document: str, **variables: object) -> bytes:
    """The body of a GraphQL request."""
    return orjson.dumps({"query": document, "variables": variables})
