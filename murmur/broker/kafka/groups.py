"""How a member of a consumer group is opened and ended."""

import asyncio
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError

from murmur.broker.kafka.address import Address

_FETCH_BYTES = 4 * 1024 * 1024
_PARTITION_BYTES = 256 * 1024
_BEATS = 10
_LEAVE_SECONDS = 10
_log = structlog.get_logger()


def member_options(address: Address, group: str, session_ms: int, *, silence_ms: int, rebalance_ms: int) -> dict[str, Any]:
    """Commits are ours to make, a new group starts at the oldest record, and what is fetched ahead is bounded."""
    # The driver keeps what a member was assigned in the class itself: two members of one process need a class each.
    assignor = type("Assignor", (StickyPartitionAssignor,), {})
    return {
        **address.options(),
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "session_timeout_ms": session_ms,
        "heartbeat_interval_ms": max(session_ms // _BEATS, 1),
        "max_poll_interval_ms": silence_ms,
        "rebalance_timeout_ms": rebalance_ms,
        "partition_assignment_strategy": (assignor,),
        "fetch_max_bytes": _FETCH_BYTES,
        "max_partition_fetch_bytes": _PARTITION_BYTES,
    }


async def stop(member: AIOKafkaConsumer) -> None:
    """Leave the group, so that its others need not wait for a session to end. A coordinator that is down can't be told."""
    try:
        async with asyncio.timeout(_LEAVE_SECONDS):
            await member.stop()
    except (TimeoutError, KafkaError) as error:
        _log.warning("a group could not be left; its session runs out", reason=str(error))
