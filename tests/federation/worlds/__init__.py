"""Random supergraphs: types, how subgraphs split them, and one data set behind them all."""

from .draw import worlds
from .model import World
from .serve import compose_world, one_schema, subgraphs_of

__all__ = ["World", "compose_world", "one_schema", "subgraphs_of", "worlds"]
