"""Supergraph SDL to the model that planning reads, and the public API schema."""

from .load import load_supergraph
from .model import ContextArgument, FieldSet, InvalidSupergraph, Key, Kind, Subgraph, SubgraphField, SubgraphType, Supergraph

__all__ = [
    "ContextArgument",
    "FieldSet",
    "InvalidSupergraph",
    "Key",
    "Kind",
    "Subgraph",
    "SubgraphField",
    "SubgraphType",
    "Supergraph",
    "load_supergraph",
]
