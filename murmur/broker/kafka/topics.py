"""The topics that there must be: how many partitions, on how many brokers, and for how long they keep what."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from aiokafka import AIOKafkaClient
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code
from aiokafka.protocol.admin import ApiVersionRequest

from murmur.broker.kafka.address import Address, answering, ask
from murmur.engines import Report
from murmur.errors import Unavailable
from murmur.events import TOPICS, Topic

MAX_MESSAGE_BYTES = 1024 * 1024
MAX_VALUE_BYTES = 1_000_000
"""Of an event, which has its key beside it, and as a dead letter the reason."""

PUBLISHERS = "murmur.publishers"
"""Holds no records. Who is assigned its one partition in the group of a publisher's name is the one that publishes."""

_DAY_MS = 24 * 3_600_000
_REPLICAS = 3
_SET_ON_TOPIC = 1
_FETCH = 1
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as it shall be. `needed` settings are mended; the `first` ones are how it is made, and the operator's after that.

    The number of its partitions never changes: it says where each key's records are.
    """

    name: str
    partitions: int
    needed: Mapping[str, str]
    first: Mapping[str, str]

    def settings(self, replicas: int) -> dict[str, str]:
        """What is needed on so many brokers.

        What is acknowledged is on two of them, where there are three: one may be down and writing goes on.
        """
        return {**self.needed, "min.insync.replicas": str(max(1, replicas - 1))}

    def __str__(self) -> str:
        return f"topic {self.name} of {self.partitions} partition{'s' * (self.partitions != 1)}"


def letters_of(topic: Topic) -> str:
    """Where the dead letters of a topic go."""
    return f"{topic}.dead-letters"


def wanted_topics(partitions: int) -> Sequence[Wanted]:
    size = {"max.message.bytes": str(MAX_MESSAGE_BYTES)}
    log = {"cleanup.policy": "delete", **size}
    # Keyed by what was buried: buried twice it is kept once, and forgotten when it was replayed.
    letters = {"cleanup.policy": "compact,delete", **size}
    return [
        *(Wanted(topic, partitions, log, {"retention.ms": str(7 * _DAY_MS)}) for topic in TOPICS),
        *(Wanted(letters_of(topic), 1, letters, {"retention.ms": str(90 * _DAY_MS)}) for topic in TOPICS),
        Wanted(PUBLISHERS, 1, log, {}),
    ]


class Topics:
    """Looks at a cluster, and makes what is missing."""

    def __init__(self, address: Address, partitions: int) -> None:
        self._address = address
        self._wanted = wanted_topics(partitions)
        self._asking = asyncio.Lock()
        self._admin: AIOKafkaAdminClient | None = None
        self._version: str | None = None

    async def check(self) -> Report:
        """Raises Unavailable."""
        state = await self._ask(self._look)
        if self._version is None:
            self._version = await _version(self._address)
        role = f"{state.brokers} broker{'s' * (state.brokers != 1)}"
        if behind := sum(len(part["isr"]) < len(part["replicas"]) for parts in state.found.values() for part in parts):
            role += f", {behind} partitions lack replicas in sync"
        missing = (*state.made(self._wanted), *state.few(self._wanted), *state.named())
        return Report("Kafka", self._version, role, missing=missing)

    async def apply(self) -> Sequence[str]:
        """Make what is missing; the names of `check`. Raises Unavailable."""

        async def mend(admin: AIOKafkaAdminClient) -> _State:
            state = await self._look(admin)
            await self._create(admin, [topic for topic in self._wanted if topic.name not in state.found], state.brokers)
            await _alter(admin, state.differing)
            return state

        async def seen(admin: AIOKafkaAdminClient) -> _State:
            # A broker hears of what the controller has made a moment later.
            while (now := await self._look(admin)).made(self._wanted) or now.differing:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(_LOOK_SECONDS)
            return now

        state = await self._ask(mend)
        await self._ask(seen)
        return [*state.made(self._wanted), *state.named()]

    async def close(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            await admin.close()

    async def _ask(self, question: Callable[[AIOKafkaAdminClient], Awaitable["_State"]]) -> "_State":
        async def of_one() -> _State:
            if self._admin is None:
                admin = AIOKafkaAdminClient(**self._address.options())
                try:
                    await admin.start()
                except BaseException:
                    await admin.close()
                    raise
                self._admin = admin
            return await question(self._admin)

        async with self._asking:
            return await ask(of_one, before_again=self.close)

    async def _look(self, admin: AIOKafkaAdminClient) -> "_State":
        brokers = len((await admin.describe_cluster())["brokers"])
        described = await admin.describe_topics([self._address.named(topic.name) for topic in self._wanted])
        found = {self._address.ours(topic["topic"]): topic["partitions"] for topic in described if not topic["error_code"]}
        there = [topic for topic in self._wanted if topic.name in found]
        differing: dict[str, Mapping[str, str]] = {}
        if there:
            asked = [ConfigResource(ConfigResourceType.TOPIC, self._address.named(topic.name)) for topic in there]
            answers = cast(Sequence[Any], await admin.describe_configs(asked))
            entries = {name: values for answer in answers for _, _, _, name, values in answer.resources}
            for topic in there:
                values = entries[self._address.named(topic.name)]
                needed = topic.settings(len(found[topic.name][0]["replicas"]))
                if any({name: value for name, value, *_ in values}.get(name) != value for name, value in needed.items()):
                    # Settings are changed all at once: what an operator has set stays.
                    set_there = {name: value for name, value, _, source, *_ in values if source == _SET_ON_TOPIC}
                    differing[self._address.named(topic.name)] = set_there | needed
        return _State(brokers, found, differing)

    async def _create(self, admin: AIOKafkaAdminClient, topics: Sequence[Wanted], brokers: int) -> None:
        replicas = min(_REPLICAS, brokers)
        new = [
            NewTopic(self._address.named(t.name), t.partitions, replicas, topic_configs={**t.first, **t.settings(replicas)})
            for t in topics
        ]
        if not new:
            return
        answer: Any = await admin.create_topics(new)
        for name, code, message in answer.topic_errors:
            # Another apply may have been first.
            if for_code(code) not in (NoError, TopicAlreadyExistsError):
                raise Unavailable(f"topic {name} can't be made: {message}")


@dataclass(frozen=True, slots=True)
class _State:
    """What there is: partitions of our topics as the driver describes them, and the settings that topics should have."""

    brokers: int
    found: Mapping[str, Sequence[Mapping[str, Any]]]
    differing: Mapping[str, Mapping[str, str]]

    def made(self, wanted: Sequence[Wanted]) -> Sequence[str]:
        return [str(topic) for topic in wanted if topic.name not in self.found]

    def named(self) -> Sequence[str]:
        return [f"settings of topic {name}" for name in self.differing]

    def few(self, wanted: Sequence[Wanted]) -> Sequence[str]:
        """Topics of the time when there were fewer brokers; an operator moves them (kafka-reassign-partitions)."""
        replicas = min(_REPLICAS, self.brokers)
        there = [topic for topic in wanted if topic.name in self.found]
        least = {topic.name: min(len(part["replicas"]) for part in self.found[topic.name]) for topic in there}
        return [f"topic {name} is on {count} of {replicas} brokers" for name, count in least.items() if count < replicas]


async def _alter(admin: AIOKafkaAdminClient, differing: Mapping[str, Mapping[str, str]]) -> None:
    if not differing:
        return
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, dict(settings)) for name, settings in differing.items()]
    answers = cast(Sequence[Any], await admin.alter_configs(resources))
    for answer in answers:
        for code, message, _, name in answer.resources:
            if for_code(code) is not NoError:
                raise Unavailable(f"the settings of topic {name} can't be changed: {message}")


async def _version(address: Address) -> str:
    """Brokers do not tell their version, but what they speak: 4.0 dropped the first versions of a fetch."""
    client = AIOKafkaClient(**address.options())
    try:
        async with answering():
            await client.bootstrap()

        async def look() -> Any:
            return await client.send(client.get_random_node(), ApiVersionRequest())

        answer = await ask(look, before_again=client.force_metadata_update)
    finally:
        await client.close()
    oldest = {key: least for key, least, _ in answer.api_versions}
    return "4" if oldest[_FETCH] >= 4 else "older than 4"
