"""What every verb stands on."""

from murmur.clock import Clock
from murmur.ids import IdSource
from subgraphs.users.ports import UsersStore


class Base:
    def __init__(self, store: UsersStore, ids: IdSource, clock: Clock) -> None:
        self._store = store
        self._ids = ids
        self._clock = clock
