"""Whatever the supergraph, what is asked of its subgraphs answers as one schema over all data would."""

import asyncio

from graphql import GraphQLSchema
from hypothesis import given, reject
from hypothesis import strategies as st

from gateway.federation.composition import CompositionFailed
from gateway.federation.engine import Engine
from gateway.federation.supergraph import load_supergraph

from .everything import operations
from .examples import random_examples
from .random_operations import Request, requests
from .worlds import compose_world, one_schema, subgraphs_of, worlds

_LONGEST = 15_000


def _everything(schema: GraphQLSchema) -> Request:
    """All that can be selected, as deep as it fits."""
    documents = (next(operations(schema, depth)) for depth in (4, 3, 2, 1))
    return Request(next(each for each in documents if len(each) < _LONGEST), {})


@random_examples(40)
@given(st.data())
def test_a_random_supergraph_answers_as_one_schema_would(data: st.DataObject) -> None:
    world = data.draw(worlds(), label="world")
    try:
        sdl = compose_world(world)
    except CompositionFailed:
        reject()
    engine = Engine(load_supergraph(sdl), subgraphs_of(world), planning_budget=2_000_000)
    drawn = [data.draw(requests(engine.api_schema), label="request") for _ in range(2)]
    for request in (_everything(engine.api_schema), *drawn):
        expected = one_schema(world, engine.api_schema, request.document, request.variables)
        assert expected.errors is None
        response = asyncio.run(engine.execute(engine.prepare(request.document), request.variables, None))
        assert response == {"data": expected.data}
