"""Each document of `schema/operations/`, by its id, against a platform that was started as a user starts it."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from gateway.edge.client.manifest import own_documents
from tests.support.program import Running, running
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
DOCUMENTS = {document.name: document for document in own_documents()}
FILES = {file.stem for file in Path("schema/operations").glob("*.graphql")}
PASSWORD = "correct horse battery"
SECONDS = 10


@dataclass
class Client:
    """Somebody who asks by ids alone."""

    url: str
    http: aiohttp.ClientSession
    session: dict[str, Any]

    @property
    def id(self) -> str:
        return self.session["user"]["id"]

    @property
    def handle(self) -> str:
        return self.session["user"]["handle"]

    async def run(self, name: str, /, **variables: object) -> Any:
        """The one root field's answer, or all where there are several. Mutations refuse nothing here."""
        body = {"documentId": DOCUMENTS[name].id, "variables": variables}
        headers = {"authorization": f"Bearer {self.session['accessToken']}"} if self.session else {}
        async with self.http.post(f"{self.url}/graphql", json=body, headers=headers) as response:
            answer = await response.json()
        assert "errors" not in answer, answer
        data = answer["data"]
        value = next(iter(data.values())) if len(data) == 1 else data
        if isinstance(value, dict):
            assert value.get("userErrors", []) == []
        return value

    async def tweet(self, text: str, **more: object) -> str:
        return (await self.run("CreateTweet", input={"text": text, **more}))["tweet"]["id"]

    async def hear(self, name: str, cause: Callable[[], Awaitable[object]], /, **variables: object) -> Any:
        """The first event of a subscription over WebSocket that `cause`, repeated, brings about."""
        async with self.http.ws_connect(f"{self.url}/graphql", protocols=["graphql-transport-ws"]) as socket:
            await socket.send_json(
                {"type": "connection_init", "payload": {"Authorization": f"Bearer {self.session['accessToken']}"}}
            )
            assert (await socket.receive_json())["type"] == "connection_ack"
            payload = {"documentId": DOCUMENTS[name].id, "variables": variables}
            await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
            async with asyncio.timeout(SECONDS):
                event = asyncio.create_task(socket.receive_json())
                while not event.done():
                    await cause()
                    await asyncio.wait([event], timeout=0.3)
                message = await event
            assert message["type"] == "next", message
            assert "errors" not in message["payload"], message
            return message["payload"]["data"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Running]:
    folder = tmp_path_factory.mktemp("operations") / "data"
    async with running("up", data_dir=folder, MURMUR_ENV="production", MURMUR_PUBLISHED_ONLY="true") as program:
        yield program


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http() -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@dataclass
class Town:
    """Ada wrote a tweet that Bea answered; Bea follows Ada. `anybody` is not signed in."""

    ada: Client
    bea: Client
    anybody: Client
    tweet: str
    reply: str
    names: "Names"

    async def person(self) -> Client:
        """Somebody new."""
        handle = self.names.next()
        session = await self.anybody.run("SignUp", handle=handle, name=handle.title(), password=PASSWORD)
        return Client(self.anybody.url, self.anybody.http, session)


class Names:
    def __init__(self) -> None:
        self._count = 0

    def next(self) -> str:
        self._count += 1
        return f"person{self._count}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(platform: Running, http: aiohttp.ClientSession) -> Town:
    anybody = Client(platform.url, http, {})
    town = Town(anybody, anybody, anybody, "", "", Names())
    town.ada, town.bea = await town.person(), await town.person()
    await town.bea.run("Follow", userId=town.ada.id)
    town.tweet = await town.ada.tweet("The first of many #firsts")
    town.reply = await town.bea.tweet("An answer", inReplyTo=town.tweet)
    return town


def ids(connection: Mapping[str, Any]) -> list[str]:
    return [(node.get("tweet") or node)["id"] for node in connection["nodes"]]


async def eventually(ask: Callable[[], Awaitable[Any]], good: Callable[[Any], object]) -> Any:
    found: Any = None

    async def found_good() -> object:
        nonlocal found
        found = await ask()
        return good(found)

    await until(found_good, SECONDS)
    return found


Case = Callable[[Town], Awaitable[None]]
CASES: dict[str, Case] = {}


def case(run: Case) -> Case:
    """The case of the document whose name its own is, in snake case."""
    CASES["".join(part.title() for part in run.__name__.split("_"))] = run
    return run


async def test_each_document_has_a_case_and_each_file_is_in_the_manifest() -> None:
    assert set(CASES) == set(DOCUMENTS) == FILES


async def test_a_fragment_is_the_same_wherever_it_stands() -> None:
    texts: dict[str, set[str]] = {}
    for document in DOCUMENTS.values():
        for name, text in re.findall(r"^fragment (\w+) (on .*?^\})", document.text, re.MULTILINE | re.DOTALL):
            texts.setdefault(name, set()).add(text)
    assert [name for name, found in texts.items() if len(found) > 1] == []


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
async def test_a_document_runs(town: Town, name: str) -> None:
    await CASES[name](town)


# Coming and going


@case
async def sign_up(town: Town) -> None:
    session = (await town.person()).session
    assert session["accessToken"]
    assert session["refreshToken"]


@case
async def sign_in(town: Town) -> None:
    session = await town.anybody.run("SignIn", handle=town.ada.handle, password=PASSWORD)
    assert session["user"]["id"] == town.ada.id


@case
async def refresh_session(town: Town) -> None:
    who = await town.person()
    fresh = await town.anybody.run("RefreshSession", refreshToken=who.session["refreshToken"])
    assert fresh["refreshToken"] != who.session["refreshToken"]


@case
async def sign_out(town: Town) -> None:
    who = await town.person()
    await who.run("SignOut", refreshToken=who.session["refreshToken"])
    with pytest.raises(AssertionError, match="SESSION_ENDED"):
        await town.anybody.run("RefreshSession", refreshToken=who.session["refreshToken"])


@case
async def change_password(town: Town) -> None:
    who = await town.person()
    await who.run("ChangePassword", currentPassword=PASSWORD, newPassword="another horse")
    assert await town.anybody.run("SignIn", handle=who.handle, password="another horse")


@case
async def me(town: Town) -> None:
    assert (await town.ada.run("Me"))["handle"] == town.ada.handle
    assert await town.anybody.run("Me") is None


@case
async def update_profile(town: Town) -> None:
    who = await town.person()
    changed = await who.run("UpdateProfile", input={"name": "Somebody", "bio": "Of few words."})
    assert (changed["user"]["name"], changed["user"]["bio"]) == ("Somebody", "Of few words.")


# Reading


@case
async def home_timeline(town: Town) -> None:
    async def read() -> list[str]:
        return ids(await town.bea.run("HomeTimeline", first=50))

    assert await eventually(read, lambda found: town.tweet in found)


@case
async def thread(town: Town) -> None:
    found = await town.anybody.run("Thread", id=town.reply)
    assert [tweet["id"] for tweet in found["ancestors"]] == [town.tweet]
    assert town.reply in ids((await town.anybody.run("Thread", id=town.tweet))["replies"])


@case
async def replies(town: Town) -> None:
    page = (await town.anybody.run("Replies", id=town.tweet, first=1))["replies"]
    assert len(page["nodes"]) == 1


@case
async def profile(town: Town) -> None:
    found = await town.bea.run("Profile", handle=town.ada.handle)
    assert (found["viewerFollows"], town.tweet in ids(found["timeline"])) == (True, True)


@case
async def profile_replies(town: Town) -> None:
    assert town.reply in ids((await town.anybody.run("ProfileReplies", handle=town.bea.handle))["replies"])


@case
async def profile_likes(town: Town) -> None:
    who = await town.person()
    await who.run("Like", tweetId=town.tweet)
    assert ids((await who.run("ProfileLikes", handle=who.handle))["likes"]) == [town.tweet]


@case
async def followers(town: Town) -> None:
    assert town.bea.id in ids((await town.anybody.run("Followers", handle=town.ada.handle, first=100))["followers"])


@case
async def following(town: Town) -> None:
    assert town.ada.id in ids((await town.anybody.run("Following", handle=town.bea.handle))["following"])


@case
async def search(town: Town) -> None:
    async def find() -> list[str]:
        return ids(await town.anybody.run("Search", query=f"from:{town.ada.handle} first", type="TWEETS", order="LATEST"))

    assert await eventually(find, lambda found: town.tweet in found)


@case
async def trends(town: Town) -> None:
    assert isinstance(await town.anybody.run("Trends", first=5), list)


@case
async def suggestions(town: Town) -> None:
    who = await town.person()
    await who.run("Follow", userId=town.bea.id)
    assert [person["id"] for person in await who.run("Suggestions")] == [town.ada.id]


@case
async def bookmarks(town: Town) -> None:
    who = await town.person()
    await who.run("Bookmark", tweetId=town.tweet)
    assert ids(await who.run("Bookmarks")) == [town.tweet]


# Writing


@case
async def create_tweet(town: Town) -> None:
    sent = {"text": "Said once", "idempotencyKey": "once"}
    first, second = [(await town.ada.run("CreateTweet", input=sent))["tweet"]["id"] for _ in range(2)]
    assert first == second


@case
async def delete_tweet(town: Town) -> None:
    id_ = await town.ada.tweet("Said too soon")
    assert (await town.ada.run("DeleteTweet", id=id_))["tweet"]["deleted"]


async def _there_and_back(town: Town, there: str, back: str, shown: str) -> None:
    who = await town.person()
    for name, expected in ((there, True), (there, True), (back, False)):
        assert (await who.run(name, tweetId=town.tweet))["tweet"][shown] is expected


@case
async def like(town: Town) -> None:
    await _there_and_back(town, "Like", "Unlike", "viewerLiked")


@case
async def retweet(town: Town) -> None:
    await _there_and_back(town, "Retweet", "UndoRetweet", "viewerRetweeted")


@case
async def bookmark(town: Town) -> None:
    await _there_and_back(town, "Bookmark", "Unbookmark", "viewerBookmarked")


CASES |= {"Unlike": like, "UndoRetweet": retweet, "Unbookmark": bookmark}


async def _related(town: Town, there: str, back: str, shown: str) -> None:
    who = await town.person()
    for name, expected in ((there, True), (back, False)):
        assert (await who.run(name, userId=town.ada.id))["user"][shown] is expected


@case
async def follow(town: Town) -> None:
    await _related(town, "Follow", "Unfollow", "viewerFollows")


@case
async def block(town: Town) -> None:
    await _related(town, "Block", "Unblock", "viewerBlocks")


@case
async def mute(town: Town) -> None:
    await _related(town, "Mute", "Unmute", "viewerMutes")


CASES |= {"Unfollow": follow, "Unblock": block, "Unmute": mute}


@case
async def record_impressions(town: Town) -> None:
    batch = {"batchId": "1", "tweetIds": [town.tweet], "profileIds": [town.ada.id]}
    await town.bea.run("RecordImpressions", input=batch)


# Notifications, and what happens as it happens


async def _notified(town: Town) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        return (await town.ada.run("Notifications", first=100))["notifications"]["nodes"]

    return await eventually(read, lambda found: any(one["kind"] == "REPLY" for one in found))


@case
async def notifications(town: Town) -> None:
    assert any(actor["id"] == town.bea.id for one in await _notified(town) for actor in one["actors"])


@case
async def unread_count(town: Town) -> None:
    await _notified(town)
    assert isinstance(await town.ada.run("UnreadCount"), int)


@case
async def mark_notifications_read(town: Town) -> None:
    newest = max((one["id"] for one in await _notified(town)), key=int)
    assert isinstance((await town.ada.run("MarkNotificationsRead", upTo=newest))["unreadCount"], int)


@case
async def notification_preferences(town: Town) -> None:
    assert {"kind": "LIKE", "enabled": True} in await town.bea.run("NotificationPreferences")


@case
async def set_notification_preference(town: Town) -> None:
    who = await town.person()
    answer = await who.run("SetNotificationPreference", kind="LIKE", enabled=False)
    assert {"kind": "LIKE", "enabled": False} in answer["preferences"]


@case
async def notification_received(town: Town) -> None:
    async def cause() -> None:
        await (await town.person()).run("Follow", userId=town.bea.id)

    event = await town.bea.hear("NotificationReceived", cause)
    assert event["notificationReceived"]["kind"] == "FOLLOW"


@case
async def unread_count_changed(town: Town) -> None:
    async def cause() -> None:
        # Follows join one notification, mentions do not.
        await (await town.person()).tweet(f"@{town.bea.handle} good morning")

    assert (await town.bea.hear("UnreadCountChanged", cause))["unreadCountChanged"] > 0


@case
async def home_timeline_updated(town: Town) -> None:
    event = await town.bea.hear("HomeTimelineUpdated", lambda: town.ada.tweet("Once more"))
    assert event["homeTimelineUpdated"]["newest"]["tweet"]["author"]["id"] == town.ada.id


@case
async def tweet_updated(town: Town) -> None:
    async def cause() -> None:
        await (await town.person()).run("Like", tweetId=town.tweet)

    assert (await town.bea.hear("TweetUpdated", cause, id=town.tweet))["tweetUpdated"]["likeCount"] > 0
