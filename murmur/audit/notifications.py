"""Notifications, against what they tell of and against each other."""

from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from murmur.audit.finding import Finding
from murmur.cursors import Window
from murmur.relation import STRANGERS, Relation
from subgraphs.notifications.model import SHOWN_ACTORS, Kind, Notification, Recipient, StoredNotice
from subgraphs.tweets.model import EdgeKind, View
from subgraphs.users.model import User

PAGE = 1_000
_ALL = frozenset(Kind)
_EDGES: Mapping[Kind, EdgeKind] = {Kind.LIKE: "likes", Kind.RETWEET: "retweets"}
_WRITTEN = frozenset({Kind.REPLY, Kind.QUOTE, Kind.MENTION})


class Notifications(Protocol):
    async def recipients_after(self, recipient_id: int, limit: int) -> Sequence[Recipient]: ...
    async def notices_after(self, after: tuple[int, int], limit: int) -> Sequence[StoredNotice]: ...
    async def page(self, recipient_id: int, wanted: Window, kinds: AbstractSet[Kind]) -> Sequence[Notification]: ...


class People(Protocol):
    async def users(self, ids: Collection[int]) -> Mapping[int, User]: ...
    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]: ...


class Tweets(Protocol):
    async def views(self, tweet_ids: Collection[int], viewer_id: int | None) -> Mapping[int, View]: ...
    async def marks(self, tweet_ids: Collection[int], viewer_id: int) -> Mapping[int, AbstractSet[EdgeKind]]: ...


async def audit_notifications(notifications: Notifications, people: People, tweets: Tweets) -> AsyncIterator[Finding]:
    """Each notice tells of what is so: a tweet that stands, a like, a retweet or a follow that was not taken back, and nothing
    across a block. Nobody is told anything twice, and each notification is what its notices make of it.

    That something is not told is no finding: people mute and unwanted kinds are not stored. What the notifier has not done yet
    is one: let it come to rest first. Keeps the notices of one person at a time in memory.
    """
    recipients, runs = _recipients(notifications), _runs(notifications)
    next_recipient, run = await anext(recipients, None), await anext(runs, None)
    while next_recipient is not None or run is not None:
        ids = [] if next_recipient is None else [next_recipient.id]
        id_ = min([*ids, run[0].recipient_id] if run else ids)
        recipient = next_recipient if ids == [id_] and next_recipient is not None else Recipient(id_, 0, 0, 0, ())
        told = _Told()
        while run is not None and run[0].recipient_id == id_:
            for finding in [*told.add(run), *await _strays(run, people, tweets)]:
                yield finding
            run = await anext(runs, None)
        for finding in told.differences(recipient, await _shown(notifications, id_)):
            yield finding
        if recipient is next_recipient:
            next_recipient = await anext(recipients, None)


async def _recipients(notifications: Notifications) -> AsyncIterator[Recipient]:
    after = 0
    while page := await notifications.recipients_after(after, PAGE):
        for recipient in page:
            yield recipient
        after = page[-1].id


async def _runs(notifications: Notifications) -> AsyncIterator[Sequence[StoredNotice]]:
    """Every notice, by rising recipient and position; together those of one recipient, a page at most."""
    after = (0, 0)
    while page := await notifications.notices_after(after, PAGE):
        for _, run in groupby(page, lambda notice: notice.recipient_id):
            yield list(run)
        after = page[-1].recipient_id, page[-1].position


@dataclass(slots=True)
class _Group:
    notices: int = 0
    position: int = 0
    actors: deque[int] = field(default_factory=lambda: deque(maxlen=SHOWN_ACTORS))


class _Told:
    """What the notices of one person amount to."""

    def __init__(self) -> None:
        self._groups: defaultdict[int, _Group] = defaultdict(_Group)
        self._slots: set[tuple[str, int | None, int]] = set()

    def add(self, notices: Sequence[StoredNotice]) -> list[Finding]:
        """By rising position. Those that tell again what was told are findings."""
        findings: list[Finding] = []
        for notice in notices:
            group = self._groups[notice.group_id]
            group.notices += 1
            group.position = notice.position
            group.actors.appendleft(notice.actor_id)
            # Of what somebody wrote a person is told once, as an answer, a quote or a mention.
            slot = ("written" if notice.kind in _WRITTEN else notice.kind.value, notice.tweet_id, notice.actor_id)
            if slot in self._slots:
                findings.append(Finding("doubled notification", _subject(notice)))
            self._slots.add(slot)
        return findings

    def differences(self, recipient: Recipient, shown: Sequence[Notification]) -> list[Finding]:
        """What the person is shown that the notices do not amount to, and the other way round."""
        user = f"user {recipient.id}"
        by_group = {each.group_id: each for each in shown}
        findings: list[Finding] = []
        for group_id in sorted(by_group.keys() | self._groups.keys()):
            each, group = by_group.get(group_id), self._groups.get(group_id, _Group())
            count = 0 if each is None else each.actor_count
            subject = f"notification {group_id} of {user}"
            if count != group.notices:
                told = f"the count is {count}, the notices are {group.notices}"
                findings.append(Finding("notification count", subject, by=count - group.notices, told=told))
            elif each is not None and (each.id, each.actor_ids) != (group.position, tuple(group.actors)):
                told = f"it is {each.id} by {each.actor_ids}, its notices say {group.position} by {tuple(group.actors)}"
                findings.append(Finding("notification out of place", subject, told=told))
        unread = sum(not each.read for each in shown)
        due = sum(group.position > recipient.read_up_to for group in self._groups.values())
        if unread != due:
            findings.append(Finding("unread count", user, by=unread - due, told=f"{unread} are unread, {due} should be"))
        if doubled := [id_ for id_, times in Counter(each.group_id for each in shown).items() if times > 1]:
            findings += [Finding("doubled notification", f"notification {id_} of {user}") for id_ in doubled]
        return findings


async def _shown(notifications: Notifications, recipient_id: int) -> Sequence[Notification]:
    found: list[Notification] = []
    wanted = Window(PAGE)
    while page := await notifications.page(recipient_id, wanted, _ALL):
        found += page
        wanted = Window(PAGE, below=page[-1].id)
    return found


async def _strays(notices: Sequence[StoredNotice], people: People, tweets: Tweets) -> list[Finding]:
    """Notices of one person that tell of what is not so."""
    recipient_id, actors = notices[0].recipient_id, {notice.actor_id for notice in notices}
    known = await people.users({*actors, recipient_id})
    relations = await people.relations(recipient_id, actors)
    views = await tweets.views({notice.tweet_id for notice in notices if notice.tweet_id is not None}, None)
    answered = {target for view in views.values() for target in (view.tweet.in_reply_to_id, view.tweet.quoted_id)} - {None}
    targets = await tweets.views({target for target in answered if target is not None}, None)
    engaged: defaultdict[int, set[int]] = defaultdict(set)
    for notice in notices:
        if notice.kind in _EDGES and notice.tweet_id is not None:
            engaged[notice.actor_id].add(notice.tweet_id)
    marks = {actor: await tweets.marks(ids, actor) for actor, ids in engaged.items()}

    def wrong(notice: StoredNotice) -> Finding | None:
        subject, tweet_id = _subject(notice), notice.tweet_id or 0
        relation, view = relations.get(notice.actor_id, STRANGERS), views.get(tweet_id)
        if not {notice.actor_id, recipient_id} <= known.keys():
            return Finding("notification without a person", subject)
        if relation.blocked:
            return Finding("notification across a block", subject)
        if notice.kind is Kind.FOLLOW:
            return None if relation.followed_by else Finding("notification of nothing", subject, told="the follow is no more")
        if view is None or view.tweet.deleted:
            return Finding("notification of a tweet that is gone", subject)
        if (edge := _EDGES.get(notice.kind)) is not None:
            stands = edge in marks[notice.actor_id].get(tweet_id, ()) and view.tweet.author_id == recipient_id
            return None if stands else Finding("notification of nothing", subject, told=f"it is not among the {edge}")
        target = {Kind.REPLY: view.tweet.in_reply_to_id, Kind.QUOTE: view.tweet.quoted_id}.get(notice.kind)
        addressed = target is None or (target in targets and targets[target].tweet.author_id == recipient_id)
        if view.tweet.author_id != notice.actor_id or not addressed:
            return Finding("notification of nothing", subject, told="the tweet is another's, or answers somebody else")
        return None

    return [finding for notice in notices if (finding := wrong(notice)) is not None]


def _subject(notice: StoredNotice) -> str:
    about = "" if notice.tweet_id is None else f" about tweet {notice.tweet_id}"
    return f"{notice.kind} by user {notice.actor_id} to user {notice.recipient_id}{about}"
