"""Whatever could show a tweet or a person, for blocked, muted and deleted, from both sides."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, GraphQLUnionType, get_named_type

from murmur.roles.up import Platform
from tests.support.asgi import served
from tests.support.city import City, Person
from tests.support.privacy_rows import COUNTS, ELSEWHERE, NOTHING, NOTIFICATION, ROWS, TWEET, Row, Shown
from tests.support.socket import Socket, socket
from tests.support.waiting import until

_PAGE = re.compile(r"PAGE\((\w+), ((?:[^(),]|\([^()]*\))*)(, [^)]*)?\)")
MARKERS = {"ada": "quokka", "bea": "wombat", "eve": "numbat", "cleo": "bilby"}


@dataclass
class Cast:
    """Two people who know each other, one of whom both hear, and a stranger to the first."""

    ada: Person
    bea: Person
    cleo: Person
    eve: Person
    tweets: dict[str, str] = field(default_factory=dict)

    def document(self, ask: str, me: Person, them: Person) -> str:
        words = {
            "THIRD_PERSON": self.cleo.id,
            "THIRD": self.tweets.get("cleo", ""),
            "THEM": them.id,
            "HANDLE": them.handle,
            "MARKER": MARKERS[them.handle],
            "MENTIONING": self.tweets.get(f"cleo on {them.handle}", ""),
            "THEIRS": self.tweets.get(them.handle, ""),
            "THEIR_ANSWER": self.tweets.get(f"{them.handle} to cleo", ""),
            "SPARE": self.tweets.get(f"spare of {them.handle}", ""),
            "MINE": self.tweets.get(me.handle, ""),
            "MY_ANSWER": self.tweets.get(f"{me.handle} to {them.handle}", ""),
            "MY_QUOTE": self.tweets.get(f"{me.handle} of {them.handle}", ""),
            "ANSWER": self.tweets.get(f"cleo to {them.handle}", ""),
            "QUOTE": self.tweets.get(f"cleo of {them.handle}", ""),
        }
        ask = re.sub(r"\b(" + "|".join(words) + r")\b", lambda found: words[found[0]], ask)
        if "PAGE(" not in ask:
            return ask

        def paged(found: re.Match[str]) -> str:
            arguments = f"first: $first, after: $after{found[3] or ''}"
            return f"{found[1]}({arguments}) {{ nodes {found[2]} pageInfo {{ endCursor hasNextPage }} }}"

        return f"query ($first: Int, $after: String) {_PAGE.sub(paged, ask)}"

    async def shown(self, row: Row, me: Person, them: Person, *, paged: bool = False) -> frozenset[Shown]:
        """What of theirs a row shows me; `paged` looks whether a list shows the same on small pages, none of them empty."""
        document = self.document(row.ask, me, them)
        if "PAGE(" in row.ask:
            answer: Any = await me.entries(document, 100)
            if paged:
                assert await me.entries(document, 2) == answer, row.ask
        else:
            answer = (await me.run(document))["data"]
        return frozenset(_shown(answer, them.id))

    def pairs(self, row: Row) -> tuple[Person, Person]:
        return (self.ada, self.eve) if row.strangers else (self.ada, self.bea)


def _shown(value: Any, person_id: str) -> Iterator[Shown]:
    if isinstance(value, list):
        for each in value:
            yield from _shown(each, person_id)
    elif isinstance(value, dict):
        kind = value.get("__typename")
        if kind == "User" and value["id"] == person_id:
            yield "person"
        elif kind == "Tweet" and value["author"]["id"] == person_id:
            yield "tweet" if value["text"] or not value["deleted"] else "tombstone"
        else:
            for each in value.values():
                yield from _shown(each, person_id)


@pytest.fixture
async def cast(city: City) -> Cast:
    """Each of ada and bea has done to the other's tweets, and to cleo's, whatever can be done, and cleo to theirs."""
    ada, bea, cleo, eve = await city.people("ada", "bea", "cleo", "eve")
    cast = Cast(ada, bea, cleo, eve)
    for one in (ada, bea, cleo):
        await one.follow(*(each for each in (ada, bea, cleo) if each is not one))
    # Nobody follows dan: his tweets are at home where somebody retweeted them.
    dan = await city.person("dan")
    for one in (ada, bea):
        await one.engage("retweet", await dan.tweet(f"for {one.handle}"))
    await cleo.follow(eve)
    await eve.follow(cleo)
    tweets = cast.tweets
    for one in (ada, bea, cleo, eve):
        marker = MARKERS[one.handle]
        tweets[one.handle] = await one.tweet(f"{marker} #square")
        tweets[f"spare of {one.handle}"] = await one.tweet(f"{marker} to spare")
    for one in (ada, bea, cleo, eve):
        for other in (ada, bea, cleo):
            if one is other:
                continue
            marker, target = MARKERS[one.handle], tweets[other.handle]
            tweets[f"{one.handle} to {other.handle}"] = await one.tweet(f"{marker} answers", inReplyTo=target)
            tweets[f"{one.handle} of {other.handle}"] = await one.tweet(f"{marker} quotes", quotes=target)
            tweets[f"{one.handle} on {other.handle}"] = await one.tweet(f"{marker} mentions @{other.handle}")
            for verb in ("like", "retweet", "bookmark"):
                await one.engage(verb, target)
    for key in ("cleo to eve", "cleo of eve", "cleo on eve"):
        verb = {"to": "inReplyTo", "of": "quotes"}.get(key.split()[1])
        tweets[key] = await cleo.tweet("bilby @eve", **({verb: tweets["eve"]} if verb else {}))
    for key in ("ada to eve", "ada of eve"):
        tweets[key] = await ada.tweet("quokka", **{"inReplyTo" if " to " in key else "quotes": tweets["eve"]})
    return cast


async def everything_is_shown(cast: Cast) -> None:
    """Wait until each row shows what it is there to show, to either side: else that it hides something proves nothing."""
    for row in ROWS:
        one, other = cast.pairs(row)
        for me, them in ((one, other), (other, one)):
            found: list[frozenset[Shown]] = []

            async def same(row: Row = row, me: Person = me, them: Person = them, found: list[frozenset[Shown]] = found) -> bool:
                found[:] = [await cast.shown(row, me, them)]
                return row.shown <= found[0]

            try:
                await until(same, 15)
            except TimeoutError:
                raise AssertionError(f"{row.ask} shows {me.handle} only {found} of {them.handle}") from None


async def delete_all(person: Person) -> None:
    for list_ in ("tweets", "replies"):
        page = f"{list_}(first: $first, after: $after) {{ nodes {{ id }} pageInfo {{ endCursor hasNextPage }} }}"
        for tweet in await person.entries(f"query ($first: Int, $after: String) {{ me {{ {page} }} }}", 100):
            await person.engage("deleteTweet", tweet["id"])


async def leaks(cast: Cast, allowed: Callable[[Row, Person], frozenset[Shown]], *sides: tuple[str, str]) -> list[str]:
    """What rows show beyond what is allowed of each, asked by the first of each side about the second."""
    found: list[str] = []
    for row in ROWS:
        one, other = cast.pairs(row)
        for me, them in ((one, other), (other, one)):
            if (me.handle, them.handle) in sides or (row.strangers and ("eve" in (me.handle, them.handle))):
                more = await cast.shown(row, me, them, paged=True) - allowed(row, me)
                if more:
                    found.append(f"{me.handle} sees {', '.join(sorted(more))} of {them.handle}: {row.ask}")
    return found


async def test_a_block_hides_two_people_from_each_other_everywhere(cast: Cast) -> None:
    await everything_is_shown(cast)
    for other in (cast.bea, cast.eve):
        await cast.ada.relate("block", other)
    assert not await leaks(cast, lambda row, _: row.blocked, ("ada", "bea"), ("bea", "ada"))


async def test_a_mute_hides_from_who_muted_and_the_muted_do_not_notice(cast: Cast) -> None:
    await everything_is_shown(cast)
    for other in (cast.bea, cast.eve):
        await cast.ada.relate("mute", other)

    def allowed(row: Row, me: Person) -> frozenset[Shown]:
        return NOTHING if row.muted and me is cast.ada else row.shown | row.deleted

    assert not await leaks(cast, allowed, ("ada", "bea"), ("bea", "ada"))
    # What a mute leaves alone is still there, and all of it for whoever is muted.
    for row in ROWS:
        one, other = cast.pairs(row)
        assert row.shown <= await cast.shown(row, other, one), row.ask
        if not row.muted:
            assert row.shown <= await cast.shown(row, one, other), row.ask


async def test_a_deleted_tweet_is_shown_nowhere_and_its_tombstone_has_no_text(cast: Cast) -> None:
    await everything_is_shown(cast)
    await delete_all(cast.bea)
    assert not await leaks(cast, lambda row, _: row.deleted | row.shown - {"tweet"}, ("ada", "bea"))
    for row in ROWS:
        if not row.strangers:
            for viewer in (cast.ada, cast.bea):
                answer = await viewer.run(cast.document(row.ask, cast.ada, cast.bea).replace("wombat", "WOMBAT"), first=100)
                assert "wombat" not in str(answer), row.ask


@pytest.mark.parametrize("verb", ["block", "mute"])
async def test_a_number_is_the_same_for_everybody(cast: Cast, city: City, verb: str) -> None:
    await cast.ada.relate(verb, cast.bea)
    for name, ask in COUNTS.items():
        for me, them in ((cast.ada, cast.cleo), (cast.bea, cast.cleo), (cast.ada, cast.bea), (cast.bea, cast.ada)):
            document = cast.document(ask, me, them)
            assert await me.ask(document) == await city.nobody.ask(document), name


async def test_no_number_counts_what_is_deleted(cast: Cast) -> None:
    await delete_all(cast.bea)
    document = f'{{ user(id: "{cast.bea.id}") {{ tweetCount }} tweet(id: "{cast.tweets["cleo"]}") {{ replyCount quoteCount }} }}'
    answers = await cast.ada.ask(document)
    assert answers == {"user": {"tweetCount": 0}, "tweet": {"replyCount": 2, "quoteCount": 2}}


_TOLD = "notifications(first: 100) { nodes { actorCount read actors { handle } } }"


@pytest.mark.parametrize("verb", ["block", "mute"])
async def test_what_counts_notifications_counts_those_that_are_shown(cast: Cast, verb: str) -> None:
    async def counted(viewer: Person, other: Person) -> bool:
        """Whether all are told of, by the numbers."""
        answer = await viewer.ask(f"{{ unreadNotificationCount {_TOLD} }}")
        nodes = answer["notifications"]["nodes"]
        assert answer["unreadNotificationCount"] == len([each for each in nodes if not each["read"]])
        assert all(each["actorCount"] == len(each["actors"]) for each in nodes)
        return any(actor["handle"] == other.handle for each in nodes for actor in each["actors"])

    await until(lambda: counted(cast.ada, cast.bea), 15)
    await until(lambda: counted(cast.bea, cast.ada), 15)
    await cast.ada.relate(verb, cast.bea)
    assert not await counted(cast.ada, cast.bea)
    assert await counted(cast.bea, cast.ada) == (verb == "mute")
    marked = await cast.ada.ask('mutation { markNotificationsRead(upTo: "1") { unreadCount } }')
    unread = (await cast.ada.ask("{ unreadNotificationCount }"))["unreadNotificationCount"]
    assert marked["markNotificationsRead"]["unreadCount"] == unread


async def event(client: Socket, id_: str) -> Any:
    """The root field of the next event of an operation."""
    while (message := await client.next())["id"] != id_:
        pass
    assert message["type"] == "next", message
    assert "errors" not in message["payload"], message
    (value,) = message["payload"]["data"].values()
    return value


@pytest.mark.parametrize("verb", ["block", "mute"])
async def test_no_event_tells_of_who_is_blocked_or_muted(cast: Cast, platform: Platform, verb: str) -> None:
    ada, bea, cleo = cast.ada, cast.bea, cast.cleo
    async with served(platform.gateway.app) as address, socket(address) as client:
        await client.init({"Authorization": f"Bearer {ada.session['accessToken']}"})
        # Both sides of the followed tweet: what is open when a block comes ends with it.
        await client.subscribe("open", f"subscription ($id: ID!) {{ tweetUpdated(id: $id) {TWEET} }}", id=cast.tweets["bea"])
        await ada.relate(verb, bea)
        await client.subscribe("told", f'subscription {{ notificationReceived(after: "1") {NOTIFICATION} }}')
        await client.subscribe("home", f"subscription {{ homeTimelineUpdated {{ newCount newest {{ tweet {TWEET} }} }} }}")
        await client.subscribe("unread", "subscription { unreadCountChanged }")
        await client.subscribe("shut", f"subscription ($id: ID!) {{ tweetUpdated(id: $id) {TWEET} }}", id=cast.tweets["bea"])
        seen: dict[str, list[Any]] = {name: [] for name in ("open", "told", "home", "unread", "shut")}
        ended: dict[str, Any] = {}

        async def done() -> bool:
            """Post until the last of what cleo does has come; by then all that came before it has."""
            await bea.tweet("wombat again @ada")
            await bea.run(f'mutation {{ like(tweetId: "{cast.tweets["ada"]}") {{ userErrors {{ code }} }} }}')
            await cleo.engage("like", cast.tweets["bea"])
            await cleo.engage("unlike", cast.tweets["bea"])
            last = await cleo.tweet("bilby again @ada")
            while True:
                message = await client.next()
                if message["type"] == "complete":
                    continue
                payload = message["payload"]
                if message["type"] == "error" or "errors" in payload:
                    ended[message["id"]] = payload
                    continue
                seen[message["id"]].append(payload["data"])
                if last in str(payload["data"]):
                    break
            told, home = str(seen["told"]), str(seen["home"])
            shut = verb != "block" or "shut" in ended
            return "bilby again" in told and "bilby again" in home and bool(seen["unread"]) and shut

        await until(done, 30)
        for name in ("told", "home"):
            assert not list(_shown(seen[name], bea.id)), seen[name]
        counts = [each["homeTimelineUpdated"]["newCount"] for each in seen["home"]]
        mine = [each for each in await ada.home() if each["tweet"]["text"] == "bilby again @ada"]
        assert max(counts) <= len(mine)
        unread = (await ada.ask("{ unreadNotificationCount }"))["unreadNotificationCount"]
        assert max(each["unreadCountChanged"] for each in seen["unread"]) <= unread
        if verb == "block":
            assert "NOT_FOUND" in str(ended["shut"])
            assert not seen["shut"]
            assert not [each for each in seen["open"] if each["tweetUpdated"]["text"]] or "NOT_FOUND" in str(ended["open"])


def test_every_field_that_could_show_somebody_has_its_place(platform: Platform) -> None:
    schema: GraphQLSchema = platform.gateway.engine.api_schema
    placed = {name for row in ROWS for name in row.fields} | COUNTS.keys() | ELSEWHERE.keys()
    existing = {name for name, _ in _fields(schema)}
    assert sorted(placed - existing) == []
    showing = _showing(schema)
    wanted = {name for name, each in _fields(schema) if get_named_type(each.type).name in showing}
    assert sorted(wanted - placed) == [], "say in tests/support/privacy_rows.py how these treat blocks, mutes and deletion"


def _fields(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    """Those whose parent is no mere page of a list."""
    for type_ in _objects(schema):
        if not type_.name.endswith(("Connection", "Edge")):
            yield from ((f"{type_.name}.{name}", each) for name, each in type_.fields.items())


def _showing(schema: GraphQLSchema) -> set[str]:
    """The names of the types through which a tweet, a person or a number can be reached."""
    reached = {each.name: {get_named_type(field.type).name for field in each.fields.values()} for each in _objects(schema)}
    unions = (each for each in schema.type_map.values() if isinstance(each, GraphQLUnionType))
    reached |= {each.name: {member.name for member in each.types} for each in unions}
    found = {"Tweet", "User", "Int"}
    while more := {name for name, names in reached.items() if names & found} - found:
        found |= more
    return found


def _objects(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            yield type_
