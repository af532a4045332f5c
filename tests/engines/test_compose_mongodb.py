"""The script that makes MongoDB's accounts in containers, on a real server: what each account may do, and what it may not."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from murmur.cluster import mongodb
from murmur.cluster.mongodb import MongoDB
from murmur.events import TweetEvent, TweetPublished
from murmur.roles.engines import check_engines
from murmur.settings import Settings, load_settings
from subgraphs.tweets.model import Tweet
from subgraphs.tweets.stores.mongodb import MongoTweetStore
from tests.conftest import needs
from tests.support.compose_files import lay_out, prepare
from tests.support.compose_mongodb import WithoutAccounts, make_accounts, url_of

_ROOMS = ("TWEETS", "NOTIFICATIONS", "PARTNERS", "ANALYTICS", "TRENDS")


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose")
    lay_out(folder)
    return prepare(folder)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, secrets: Path) -> Iterator[MongoDB]:
    needs(mongodb.missing())
    with WithoutAccounts(tmp_path_factory.mktemp("mongodb")) as replica_set:
        # Whoever starts it a second time changes nothing.
        for _ in range(2):
            make_accounts(replica_set, secrets)
        yield replica_set


def settings_of(url: str, folder: Path) -> Settings:
    return load_settings({"MURMUR_DATA_DIR": str(folder), **{f"MURMUR_{room}_URL": url for room in _ROOMS}})


async def test_the_operators_account_makes_what_is_missing_and_that_of_the_roles_works_with_it(
    server: MongoDB, secrets: Path, tmp_path: Path
) -> None:
    operator, roles = (url_of(server, secrets / name) for name in ("mongodb_operator_url", "mongodb_url"))
    made = await check_engines(settings_of(operator, tmp_path), apply=True, patience=0)
    assert {one.store.upper() for one in made if one.made} == set(_ROOMS)
    found = await check_engines(settings_of(roles, tmp_path), apply=False, patience=0)
    assert [one for one in found if not one.sound] == []
    store = MongoTweetStore(roles)
    tweet = Tweet(1, 2, 0, "x")

    def told(tweet: Tweet, _answered: int | None, _quoted: int | None) -> TweetEvent:
        return TweetPublished(id=1, at=0, tweet_id=tweet.id, author_id=tweet.author_id, text=tweet.text)

    await store.import_tweets([tweet], frozenset(), told)
    assert [one.id for one in await store.all_tweets(0, 10)] == [1]
    assert len(await store.outbox.pending(10)) == 1
    await store.close()


@pytest.mark.parametrize(("secret", "may"), [("mongodb_url", False), ("mongodb_operator_url", True)])
async def test_an_account_may_do_what_it_is_for_and_rules_nobody(server: MongoDB, secrets: Path, secret: str, may: bool) -> None:
    url = url_of(server, secrets / secret)
    name = str(urlsplit(url).username)

    def look() -> None:
        with MongoClient[dict[str, Any]](url) as client:
            admin = client.admin
            told = admin.command("connectionStatus", showPrivileges=True)["authInfo"]
            assert [one["role"] for one in told["authenticatedUserRoles"] if one["db"] == "admin"] == [name]
            databases = {one["resource"].get("db") for one in told["authenticatedUserPrivileges"]}
            assert databases <= {"murmur", "config", None}
            actions = {action for one in told["authenticatedUserPrivileges"] for action in one["actions"]}
            assert ("enableSharding" in actions) is may
            assert client.config.collections.find_one() is None
            for forbidden in (
                lambda: admin.command("createUser", "another", pwd="x", roles=["root"]),
                lambda: admin.command("updateUser", name, roles=["root"]),
                admin["system.users"].find_one,
                lambda: admin.command("replSetGetConfig"),
                lambda: client.another.things.insert_one({}),
                lambda: client.config.collections.insert_one({}),
                lambda: client.murmur.command("dropDatabase"),
            ):
                with pytest.raises(OperationFailure, match="not authorized"):
                    forbidden()

    await asyncio.to_thread(look)
