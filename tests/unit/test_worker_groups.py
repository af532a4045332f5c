"""Whose consumer groups are waited for."""

from murmur.roles.workers import WORKERS
from workers.groups import GROUPS


def test_every_worker_that_others_wait_for_has_its_group() -> None:
    # The relay reads outboxes, not the log; the invalidator has nothing to do without a shared cache.
    assert set(GROUPS) == set(WORKERS) - {"outbox-relay", "invalidator"}
