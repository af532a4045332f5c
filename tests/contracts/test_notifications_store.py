"""What every notification store keeps of the promises in `subgraphs/notifications/ports.py`."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from murmur.cursors import Window
from murmur.ids import first_id_at
from subgraphs.notifications.model import KEPT, SHOWN_ACTORS, Kind, Notice, Notification, Recipient, StoredNotice
from subgraphs.notifications.ports import NotificationStore
from subgraphs.notifications.wiring import open_store
from tests.support.mongodb_databases import ADAPTERS, engine_of
from tests.support.notification_stores import notification_store

ADA, BEA, CLEO, DAN = 1, 2, 3, 4
TWEET = 100
ALL = frozenset(Kind)
START = first_id_at(1_760_000_000_000)
_ids = count(START)


@pytest.fixture(params=ADAPTERS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[NotificationStore]:
    async with notification_store(engine_of(request.param, request), tmp_path) as opened:
        yield opened


def like(actor: int, tweet: int = TWEET, recipient: int = ADA, event: int | None = None) -> Notice:
    return Notice(recipient, Kind.LIKE, actor, next(_ids) if event is None else event, tweet)


def reply(actor: int, tweet: int, recipient: int = ADA) -> Notice:
    return Notice(recipient, Kind.REPLY, actor, next(_ids), tweet)


async def page(store: NotificationStore, recipient: int = ADA, **window: int) -> list[Notification]:
    return list(await store.page(recipient, Window(window.pop("limit", 100), **window), ALL))


async def test_a_notice_is_there_once_however_often_it_is_told(store: NotificationStore) -> None:
    notice = like(BEA)
    assert await store.add([notice, notice]) == {ADA}
    assert await store.add([notice, like(BEA)]) == set()
    (found,) = await page(store)
    assert found == Notification(notice.event_id, notice.event_id, Kind.LIKE, TWEET, (BEA,), 1, 1_760_000_000_000, False)


async def test_likes_of_one_tweet_are_one_notification_that_moves_up(store: NotificationStore) -> None:
    first, other, last = like(BEA), like(BEA, TWEET + 1), like(CLEO)
    await store.add([first, other])
    assert [found.id for found in await page(store)] == [other.event_id, first.event_id]
    await store.add([last])
    newest, older = await page(store)
    assert (newest.id, newest.group_id, newest.actor_ids, newest.actor_count) == (last.event_id, first.event_id, (CLEO, BEA), 2)
    assert older.id == other.event_id


async def test_what_people_wrote_is_a_notification_of_its_own(store: NotificationStore) -> None:
    await store.add([reply(BEA, 5), reply(CLEO, 6), reply(BEA, 7)])
    assert [(found.tweet_id, found.actor_ids) for found in await page(store)] == [(7, (BEA,)), (6, (CLEO,)), (5, (BEA,))]


async def test_a_group_that_was_read_takes_nobody_in_any_more(store: NotificationStore) -> None:
    first = like(BEA)
    await store.add([first])
    assert await store.mark_read(ADA, first.event_id)
    assert not await store.mark_read(ADA, first.event_id - 1)
    await store.add([like(CLEO)])
    newest, older = await page(store)
    assert (newest.actor_ids, newest.read, older.actor_ids, older.read) == ((CLEO,), False, (BEA,), True)
    assert await store.read_up_to(ADA) == first.event_id
    assert await store.add([like(BEA)]) == set()


async def test_positions_rise_for_a_recipient_whatever_the_ids_of_events(store: NotificationStore) -> None:
    late, early = like(BEA, event=START + 10**12), like(CLEO, TWEET + 1, event=START + 10**6)
    await store.add([late])
    await store.add([early])
    assert [found.id for found in await page(store)] == [late.event_id + 1, late.event_id]
    assert await store.last_position(ADA) == late.event_id + 1
    assert await store.last_position(BEA) == 0
    assert [found.id for found in await store.after(ADA, late.event_id, 10)] == [late.event_id + 1]


async def test_actors_are_shown_up_to_a_bound_and_counted_beyond_it(store: NotificationStore) -> None:
    actors = list(range(10, 30))
    await store.add([like(actor) for actor in actors])
    (found,) = await page(store)
    assert (found.actor_ids, found.actor_count) == (tuple(reversed(actors))[:SHOWN_ACTORS], 20)


async def test_what_is_taken_back_leaves_its_group_and_an_empty_group_goes(store: NotificationStore) -> None:
    bea, cleo = like(BEA), like(CLEO)
    await store.add([bea, cleo])
    for _again in range(2):
        await store.withdraw(Kind.LIKE, CLEO, tweet_id=TWEET)
    (found,) = await page(store)
    assert (found.id, found.actor_ids, found.actor_count) == (bea.event_id, (BEA,), 1)
    await store.withdraw(Kind.LIKE, BEA, tweet_id=TWEET)
    assert await page(store) == []
    follow = Notice(ADA, Kind.FOLLOW, BEA, next(_ids))
    await store.add([follow, Notice(CLEO, Kind.FOLLOW, BEA, follow.event_id)])
    await store.withdraw(Kind.FOLLOW, BEA, recipient_id=ADA)
    assert await page(store) == []
    assert len(await page(store, CLEO)) == 1


async def test_what_was_taken_back_and_done_again_is_new(store: NotificationStore) -> None:
    await store.add([like(BEA)])
    await store.withdraw(Kind.LIKE, BEA, tweet_id=TWEET)
    again = like(BEA)
    assert await store.add([again]) == {ADA}
    assert [found.id for found in await page(store)] == [again.event_id]


async def test_a_tweet_or_a_person_is_forgotten_whole(store: NotificationStore) -> None:
    await store.add([like(BEA), reply(CLEO, TWEET, BEA), like(DAN, TWEET + 1), like(ADA, 7, BEA), like(CLEO, TWEET + 1)])
    await store.forget_tweet(TWEET)
    assert [found.tweet_id for found in [*await page(store), *await page(store, BEA)]] == [TWEET + 1, 7]
    await store.forget_between(ADA, DAN)
    await store.forget_between(ADA, BEA)
    (found,) = await page(store)
    assert found.actor_ids == (CLEO,)
    assert await page(store, BEA) == []


async def test_those_who_lose_something_are_named_once_it_is_gone(store: NotificationStore) -> None:
    await store.add([like(BEA), reply(BEA, 5), reply(BEA, 5, CLEO), Notice(ADA, Kind.FOLLOW, BEA, next(_ids))])
    await store.add([reply(BEA, 6), reply(ADA, 7, BEA), reply(DAN, 8)])
    for lost in ({ADA}, set()):
        assert await store.withdraw(Kind.LIKE, BEA, tweet_id=TWEET) == lost
        assert await store.withdraw(Kind.FOLLOW, BEA, recipient_id=ADA) == lost
    for lost in ({ADA, CLEO}, set()):
        assert await store.forget_tweet(5) == lost
    for lost in ({ADA, BEA}, set()):
        assert await store.forget_between(BEA, ADA) == lost
    assert await store.forget_between(ADA, DAN) == {ADA}


async def test_pages_are_keyset_from_both_ends_and_by_kind(store: NotificationStore) -> None:
    notices = [reply(BEA, tweet) for tweet in range(1, 8)]
    await store.add([*notices, like(BEA, 50)])
    ids = [notice.event_id for notice in reversed(notices)]
    replies = frozenset({Kind.REPLY})
    assert [each.id for each in await store.page(ADA, Window(2), replies)] == ids[:3]
    assert [each.id for each in await store.page(ADA, Window(2, below=ids[2]), replies)] == ids[3:6]
    assert [each.id for each in await store.page(ADA, Window(2, from_oldest=True), replies)] == ids[-3:]
    assert [each.id for each in await store.page(ADA, Window(9, above=ids[2]), replies)] == ids[:2]
    assert await page(store, CLEO) == []


async def test_an_old_position_of_a_group_finds_the_group_as_it_is_now(store: NotificationStore) -> None:
    bea, cleo, other = like(BEA), like(CLEO), reply(DAN, 9)
    await store.add([bea, cleo, other])
    found = await store.of_positions(ADA, [bea.event_id, cleo.event_id, other.event_id, 12345])
    assert set(found) == {bea.event_id, cleo.event_id, other.event_id}
    assert found[bea.event_id] == found[cleo.event_id]
    assert found[bea.event_id].actor_ids == (CLEO, BEA)
    assert await store.of_positions(BEA, [bea.event_id]) == {}


async def test_kinds_can_be_muted_and_wanted_again(store: NotificationStore) -> None:
    for _again in range(2):
        await store.set_muted_kind(ADA, Kind.LIKE, muted=True)
    await store.set_muted_kind(ADA, Kind.FOLLOW, muted=True)
    await store.set_muted_kind(ADA, Kind.FOLLOW, muted=False)
    assert await store.muted_kinds([ADA, BEA]) == {ADA: {Kind.LIKE}}


async def test_the_oldest_are_let_go_beyond_what_is_kept(store: NotificationStore) -> None:
    await store.add([reply(BEA, tweet) for tweet in range(1, KEPT + 11)])
    window = Window(5, from_oldest=True)
    assert [found.tweet_id for found in await store.page(ADA, window, ALL)] == [16, 15, 14, 13, 12, 11]


async def test_of_those_let_go_nothing_is_left_and_they_may_come_again(store: NotificationStore) -> None:
    first = like(BEA)
    await store.add([first, like(CLEO)])
    await store.add([reply(BEA, tweet) for tweet in range(1, KEPT + 1)])
    assert await store.of_positions(ADA, [first.event_id]) == {}
    assert len(await store.notices_after((0, 0), 2 * KEPT)) == KEPT
    again = like(BEA)
    assert await store.add([again]) == {ADA}
    (newest,) = await store.page(ADA, Window(1), frozenset({Kind.LIKE}))
    assert (newest.id, newest.actor_ids) == (again.event_id, (BEA,))


async def test_those_let_go_are_not_told_again_when_everything_is_delivered_again(store: NotificationStore) -> None:
    told = [reply(BEA, tweet) for tweet in range(1, KEPT + 101)]
    for start in range(0, len(told), 100):
        await store.add(told[start : start + 100])
    last = await store.last_position(ADA)
    await store.mark_read(ADA, last)
    for start in range(0, len(told), 100):
        assert await store.add(told[start : start + 100]) == set()
    assert await store.after(ADA, last, 10) == []
    (person,) = await store.recipients_after(0, 10)
    assert (person.last_position, person.let_go_up_to) == (last, told[99].event_id)


async def test_whatever_comes_at_once_is_all_there_in_one_order(store: NotificationStore) -> None:
    """Several workers tell a person of different tweets, one of them twice, while the person reads."""
    likes = [like(actor, tweet) for actor in range(10, 20) for tweet in (TWEET, TWEET + 1)]
    await asyncio.gather(
        *(store.add([one]) for one in likes), *(store.add([one]) for one in likes[:5]), store.add([reply(BEA, 9)])
    )
    notices = await store.notices_after((0, 0), 100)
    assert len(notices) == len({notice.position for notice in notices}) == 21
    found = await page(store)
    assert {(each.tweet_id, each.actor_count) for each in found} == {(TWEET, 10), (TWEET + 1, 10), (9, 1)}
    assert await store.last_position(ADA) == found[0].id == notices[-1].position
    await asyncio.gather(
        *(store.withdraw(Kind.LIKE, actor, tweet_id=TWEET) for actor in range(10, 19)),
        store.add([like(BEA)]),
        store.forget_tweet(9),
    )
    assert {(each.tweet_id, each.actor_count) for each in await page(store)} == {(TWEET, 2), (TWEET + 1, 10)}


async def test_many_people_are_told_at_once_by_several_workers_while_they_read(store: NotificationStore) -> None:
    people = range(100, 180)
    batches = [[like(actor, person * 10, person) for person in people] for actor in (BEA, CLEO, DAN)]

    async def read() -> None:
        for person in people:
            await store.mark_read(person, await store.last_position(person))

    told = await asyncio.gather(*(store.add(batch) for batch in [*batches, batches[0]]), read())
    assert [told[1], told[2]] == [set(people)] * 2
    assert (told[0] or set()) | (told[3] or set()) == set(people)
    assert await store.add([notice for batch in batches for notice in batch]) == set()
    for person in people:
        groups = await store.page(person, Window(10), frozenset(Kind))
        assert sorted(actor for group in groups for actor in group.actor_ids) == [BEA, CLEO, DAN]
        assert sum(group.actor_count for group in groups) == 3


async def test_everything_can_be_read_page_by_page_and_put_elsewhere(store: NotificationStore, tmp_path: Path) -> None:
    await store.add([like(BEA), like(CLEO), reply(BEA, 5), like(DAN, TWEET, BEA)])
    await store.mark_read(ADA, await store.last_position(ADA))
    await store.add([like(DAN), Notice(CLEO, Kind.FOLLOW, BEA, next(_ids))])
    await store.withdraw(Kind.LIKE, BEA, tweet_id=TWEET)
    for kind in (Kind.REPLY, Kind.LIKE):
        await store.set_muted_kind(DAN, kind, muted=True)
    people = await store.recipients_after(0, 100)
    assert [person.id for person in people] == [ADA, BEA, CLEO, DAN]
    assert people[3] == Recipient(DAN, 0, 0, 0, (Kind.LIKE, Kind.REPLY))
    notices = await store.notices_after((0, 0), 100)
    assert [notice.recipient_id for notice in notices] == [ADA, ADA, ADA, BEA, CLEO]
    assert [*await store.notices_after((0, 0), 2), *await store.notices_after(_place(notices[1]), 10)] == notices
    assert await store.recipients_after(ADA, 2) == people[1:3]

    (tmp_path / "copy").mkdir()
    copy = open_store("sqlite:", tmp_path / "copy")
    for _again in range(2):
        await copy.put_recipients(people)
        for notice in notices:
            await copy.put_notices([notice])
    for recipient in (ADA, BEA, CLEO, DAN):
        assert await page(copy, recipient) == await page(store, recipient)
        assert await copy.last_position(recipient) == await store.last_position(recipient)
    # And the same into an empty store of this kind.
    for person in (ADA, BEA, CLEO):
        await store.forget_between(person, BEA)
        await store.forget_tweet(TWEET)
    assert await store.notices_after((0, 0), 100) == []
    await store.put_recipients(people)
    await store.put_notices(notices)
    await store.put_notices(notices[:2])
    assert await store.notices_after((0, 0), 100) == notices
    for recipient in (ADA, BEA, CLEO):
        assert await page(copy, recipient) == await page(store, recipient)
    assert await store.add([like(DAN)]) == set()
    await copy.close()


def _place(notice: StoredNotice) -> tuple[int, int]:
    return notice.recipient_id, notice.position
