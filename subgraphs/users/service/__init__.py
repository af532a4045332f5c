"""The rules of accounts and of the follow graph."""

from murmur.clock import Clock
from murmur.identity import TokenSigner
from murmur.ids import IdSource
from subgraphs.users.ports import Throttle, UsersStore
from subgraphs.users.service.accounts import Accounts
from subgraphs.users.service.graph import FollowGraph
from subgraphs.users.service.imports import Imports
from subgraphs.users.service.passwords import Passwords


class UsersService(Accounts, FollowGraph, Imports):
    """All verbs of the subgraph. What needs no rule is read from the store itself."""

    def __init__(
        self, store: UsersStore, passwords: Passwords, tokens: TokenSigner, throttle: Throttle, ids: IdSource, clock: Clock
    ) -> None:
        Accounts.__init__(self, store, passwords, tokens, throttle, ids, clock)
        FollowGraph.__init__(self, store, ids, clock)
        Imports.__init__(self, store, ids, clock)


__all__ = ["UsersService"]
