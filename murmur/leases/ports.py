"""What a process asks for before it gives out ids."""

from typing import Protocol

from murmur.ids import IdSource

FOLLOWED_MS = 24 * 3_600_000
"""How far the ids of a new process may be ahead of its clock, to follow others. A clock that differs by more was wrong."""


class NodeLease(Protocol):
    """A node id that is this process's alone until it is closed or the process dies.

    No id is ever given out twice, and the ids of one node rise over all the processes that lease it one after the other, even
    when the clock stepped back in between. Whoever leases any node begins where the ids of all had got to, within some seconds,
    so that a process that starts on a clock that stepped back (by less than `FOLLOWED_MS`) makes no ids of the past.
    """

    @property
    def node(self) -> int:
        """Which one it is now. It may become another when the process could not say for a while that it is alive."""
        ...

    def ids(self) -> IdSource:
        """Ids of the node. They rise, and raise Unavailable when somebody else may have the node by now."""
        ...

    async def close(self) -> None:
        """Give the node id back."""
        ...
