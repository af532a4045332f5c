"""The rules of accounts and of the follow graph."""

from subgraphs.users.service.accounts import Accounts
from subgraphs.users.service.graph import FollowGraph
from subgraphs.users.service.imports import Imports
from subgraphs.users.service.lists import Lists


class UsersService(Accounts, FollowGraph, Imports, Lists):
    """All verbs of the subgraph. What needs no rule is read from the store itself."""


__all__ = ["UsersService"]
