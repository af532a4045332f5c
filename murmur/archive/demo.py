"""A small community to try things out with: invented people, what they say to each other, and whom they follow.

The same seed and time give the same rows. Followers and likes follow a power law, as in real networks.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from murmur.archive.rows import AnyRow, FollowRow, LikeRow, RetweetRow, TweetRow, UserRow
from murmur.clock import to_iso
from murmur.ids import first_id_at

ACCOUNT = ("maya", "Maya Lindqvist")
"""Who a visitor may sign in as: handle and name."""

_SPAN_MS = 3 * 24 * 60 * 60 * 1000
_SEED = 7
_PEOPLE: tuple[tuple[str, str, str, str], ...] = (
    ("jonas", "Jonas Ferber", "Bridges, mostly the kind made of steel.", "Rotterdam"),
    ("ines", "Inês Carvalho", "Marine biologist. Yes, octopuses again.", "Porto"),
    ("tomasz", "Tomasz Wilk", "Keeps an old radio alive.", "Gdańsk"),
    ("amara", "Amara Obi", "Data journalist, bad at small talk.", "Lagos"),
    ("kenji", "Kenji Mori", "鉄道と猫。", "Sendai"),
    ("lucie", "Lucie Moreau", "Boulangère, up at four.", "Lyon"),
    ("samir", "Samir Haddad", "Teaches maths to people who say they can't.", "Beirut"),
    ("freja", "Freja Holm", "Wind turbines and knitting.", "Esbjerg"),
    ("diego", "Diego Rivas", "Street photographer.", "Valparaíso"),
    ("priya", "Priya Nair", "Distributed systems, concentrated coffee.", "Kochi"),
    ("owen", "Owen Price", "Mountain rescue volunteer.", "Bethesda"),
    ("zanele", "Zanele Dube", "Composer for small orchestras.", "Durban"),
    ("mirko", "Mirko Babić", "Chess, slowly.", "Split"),
    ("hana", "Hana Novotná", "Typography and trams.", "Brno"),
    ("elif", "Elif Kaya", "Astronomy for children, and their parents.", "Izmir"),
    ("ruben", "Ruben Katz", "Second-hand books, first-hand opinions.", "Haifa"),
    ("aino", "Aino Salmi", "Forest ecologist. Moss enthusiast.", "Oulu"),
    ("carlos", "Carlos Peña", "Cycling to work since 1998.", "Sevilla"),
    ("nadia", "Nadia Benali", "Makes maps.", "Oran"),
    ("theo", "Theo Vance", "Night-shift nurse.", "Leeds"),
    ("yuki", "Yuki Tanabe", "Ceramics. Cracks on purpose.", "Kyoto"),
    ("marta", "Marta Soler", "Keeps bees on a roof.", "Girona"),
    ("bram", "Bram de Wit", "Writes compilers for fun, tests for money.", "Utrecht"),
)
_TEXTS: tuple[str, ...] = (
    "First frost on the roof this morning. The bees are not amused. #beekeeping",
    "A bridge is just a promise made of steel. #engineering",
    "Today's class proved that 0.999… is 1. Two people are still angry about it. #maths",
    "The four o'clock dough is ready. Come early, the good ones go first. #bakery",
    "Read the paper, skipped the abstract, learned more that way. #science",
    "Octopuses have three hearts and no patience at all. #ocean",
    "Someone left a first edition in the free box. I have questions, and now a first edition. #books",
    "猫が線路の上で寝ている。今日も平和。#猫",
    "The tram was late, the sunset was on time. #photography",
    "A test that can't fail is a comment with ambitions. #python",
    "Moss grows about a millimetre a year, so this path has been quiet for a century. #forest",
    "Saturn is at its best tonight. Look south, a hand above the roofs. #astronomy",
    "If your cache needs a meeting, it needs an owner. #systems",
    "Fourteen kilometres, two hills, one flat tyre. #cycling",
    "Rehearsal went so well that nobody trusts it. #music",
    "New glaze: it was meant to be blue. It is not blue. I like it. #ceramics",
    "The map is finished; the territory has already changed. #maps",
    "Quiet night on the ward. I should not have said that. #nightshift",
    "Knight before bishop, always, except today. #chess",
    "Turbine 12 is turning again. The gulls had opinions about the repair. #wind",
    "The old radio caught a station from 2,000 km away at dawn. #radio",
    "Half of journalism is finding the column that somebody hid in the spreadsheet. #data",
    "Called out at five for a lost walker. Found him eating a sandwich. #mountains",
    "Letter spacing is silence that you can measure. #typography",
    "What I want from a federated graph: one request a screen. https://example.org/notes/graphs #graphql",
)
_REPLIES: tuple[str, ...] = (
    "This made my day.",
    "I'd like to hear more about that.",
    "Same here, down to the detail.",
    "Do you have a photo?",
    "Respectfully: no. But nicely put.",
    "Saving this for my class.",
    "Where was this?",
    "That is the best argument I have heard all week.",
)


@dataclass(frozen=True, slots=True)
class _Posted:
    id: int
    author: str
    at: int


def demo_rows(now_ms: int) -> Iterator[AnyRow]:
    """All rows but the account's own; its handle is named in them, so it must exist before they are imported."""
    dice = random.Random(_SEED)  # noqa: S311 (no secret: repeatable choices are the point)
    start = now_ms - _SPAN_MS
    handles = [ACCOUNT[0], *(handle for handle, *_ in _PEOPLE)]
    for handle, name, bio, place in _PEOPLE:
        yield UserRow(handle=handle, name=name, bio=bio, location=place, created_at=to_iso(start))
    weights = [1 / (rank + 1) for rank in range(len(handles))]
    for handle in handles:
        followed = {other for other in dice.choices(handles[1:], weights[1:], k=14) if other != handle}
        for other in sorted(followed):
            yield FollowRow(follower=handle, followee=other, created_at=to_iso(start))
        if handle != ACCOUNT[0] and dice.random() < 0.4:
            yield FollowRow(follower=handle, followee=ACCOUNT[0], created_at=to_iso(start))
    yield from _conversation(dice, handles[1:], start, now_ms)


def _conversation(dice: random.Random, handles: list[str], start: int, now_ms: int) -> Iterator[AnyRow]:
    moments = sorted(dice.randrange(start, now_ms - 60_000) for _ in range(300))
    posted: list[_Posted] = []
    for number, at in enumerate(moments):
        author, snowflake = dice.choice(handles), first_id_at(at) + number
        recent = dice.choice(posted[-40:]) if posted else None
        answers = recent if recent is not None and dice.random() < 0.35 and recent.author != author else None
        quotes = recent if answers is None and recent is not None and dice.random() < 0.08 else None
        text = f"@{answers.author} {dice.choice(_REPLIES)}" if answers else dice.choice(_TEXTS)
        yield TweetRow(
            id=str(snowflake),
            created_at=to_iso(at),
            author=author,
            text=text,
            in_reply_to=str(answers.id) if answers else None,
            quotes=str(quotes.id) if quotes else None,
        )
        posted.append(_Posted(snowflake, author, at))
    for kind, share in ((RetweetRow, 0.15), (LikeRow, 0.9)):
        for tweet in posted:
            fame = min(int(dice.paretovariate(1.2) * share), len(handles) - 1)
            for fan in sorted(dice.sample(handles, fame)):
                if fan != tweet.author:
                    seen = dice.randrange(tweet.at + 1_000, now_ms)
                    yield kind(created_at=to_iso(seen), user=fan, tweet=str(tweet.id))
