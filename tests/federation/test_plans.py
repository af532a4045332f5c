"""What plans look like: the fetches that behaviours come down to, as text."""

from functools import cache
from textwrap import dedent

import pytest

from gateway.federation.engine import Engine

from .doubles import Recorder, engine, federate, plan, supergraph_sdl


@cache
def shop() -> Engine:
    return federate(
        {
            name: Recorder(sdl)
            for name, sdl in {
                "catalog": """
                  type Query { products: [Product!]! }
                  type Mutation { add(name: String!): Product }
                  type Product @key(fields: "upc") { upc: ID! name: String price(in: String): Int weight: Int }
                """,
                "stock": """
                  type Mutation { restock(upc: ID!): Product }
                  type Product @key(fields: "upc") {
                    upc: ID! price(in: String): Int @external weight: Int @external
                    inStock: Boolean shipping: Int @requires(fields: "price(in: \\"EUR\\") weight")
                  }
                """,
                "reviews": """
                  type Product @key(fields: "upc") { upc: ID! reviews: [Review!]! }
                  type Review { author: User product: Product }
                  type User @key(fields: "id") { id: ID! }
                """,
                "users": 'type User @key(fields: "id") { id: ID! name: String }',
            }.items()
        }
    )


PLANS = {
    "a requirement has a key of its own beside the client's arguments": (
        '{ products { price(in: "USD") shipping } }',
        """
        QueryPlan {
          Sequence {
            Fetch(service: "catalog") {
              {
                products {
                  price(in: "USD")
                  upc
                  price__1: price(in: "EUR")
                  weight
                }
              }
            },
            Flatten(path: "products.@") {
              Fetch(service: "stock") {
                ... on Product { upc price: price__1 weight }
                =>
                {
                  ... on Product {
                    shipping
                  }
                }
              }
            },
          }
        }
        """,
    ),
    "equal entity fetches at several paths are one": (
        "{ products { reviews { product { name inStock } author { name } } inStock } }",
        """
        QueryPlan {
          Sequence {
            Fetch(service: "catalog") {
              {
                products {
                  upc
                }
              }
            },
            Flatten(path: "products.@") {
              Fetch(service: "reviews") {
                ... on Product { upc }
                =>
                {
                  ... on Product {
                    reviews {
                      product {
                        upc
                      }
                      author {
                        id
                      }
                    }
                  }
                }
              }
            },
            Parallel {
              Flatten(path: "products.@.reviews.@.product") {
                Fetch(service: "catalog") {
                  ... on Product { upc }
                  =>
                  {
                    ... on Product {
                      name
                    }
                  }
                }
              },
              Flatten(path: "products.@.reviews.@.author") {
                Fetch(service: "users") {
                  ... on User { id }
                  =>
                  {
                    ... on User {
                      name
                    }
                  }
                }
              },
              Flatten(path: "products.@", "products.@.reviews.@.product") {
                Fetch(service: "stock") {
                  ... on Product { upc }
                  =>
                  {
                    ... on Product {
                      inStock
                    }
                  }
                }
              },
            },
          }
        }
        """,
    ),
    "mutations in order, the follow-ups of each before the next": (
        'mutation { add(name: "x") { inStock } again: add(name: "x") { upc } restock(upc: "1") { inStock name } }',
        """
        QueryPlan {
          Sequence {
            Fetch(service: "catalog") mutation {
              {
                add__1: add(name: "x") {
                  upc
                }
                add__2: add(name: "x") {
                  upc
                }
              }
            },
            Flatten(path: "add__1") {
              Fetch(service: "stock") {
                ... on Product { upc }
                =>
                {
                  ... on Product {
                    inStock
                  }
                }
              }
            },
            Fetch(service: "stock") mutation {
              {
                restock__1: restock(upc: "1") {
                  inStock
                  upc
                }
              }
            },
            Flatten(path: "restock__1") {
              Fetch(service: "catalog") {
                ... on Product { upc }
                =>
                {
                  ... on Product {
                    name
                  }
                }
              }
            },
          }
        }
        """,
    ),
    "conditions choose fetches, and stay on fields that share one": (
        "query($a: Boolean!, $b: Boolean!) { products { name @skip(if: $a) inStock @include(if: $a) reviews @include(if: $b) { author { id } } } }",
        """
        QueryPlan {
          Sequence {
            Fetch(service: "catalog") {
              {
                products {
                  name @skip(if: $a)
                  upc
                }
              }
            },
            Parallel {
              Condition(if: $a) {
                Flatten(path: "products.@") {
                  Fetch(service: "stock") {
                    ... on Product { upc }
                    =>
                    {
                      ... on Product {
                        inStock
                      }
                    }
                  }
                }
              },
              Condition(if: $b) {
                Flatten(path: "products.@") {
                  Fetch(service: "reviews") {
                    ... on Product { upc }
                    =>
                    {
                      ... on Product {
                        reviews {
                          author {
                            id
                          }
                        }
                      }
                    }
                  }
                }
              },
            },
          }
        }
        """,
    ),
}


@pytest.mark.parametrize("rule", PLANS)
def test_plans(rule: str) -> None:
    document, expected = PLANS[rule]
    assert plan(shop(), document) == dedent(expected).strip()


def test_each_stage_of_planning_prints() -> None:
    gateway = engine(
        supergraph_sdl(
            "a b",
            """
            type Query @join__type(graph: A) @join__type(graph: B) { media(first: Int): [Media] @join__field(graph: A) }
            interface Media @join__type(graph: A) { id: ID! }
            type Book implements Media @join__type(graph: A, key: "id") @join__type(graph: B, key: "id")
              @join__implements(graph: A, interface: "Media")
            { id: ID! pages: Int @join__field(graph: B) }
            type Film implements Media @join__type(graph: A) @join__implements(graph: A, interface: "Media") { id: ID! }
            """,
        )
    )
    stages = gateway.explain(
        "query Long($n: Int = 2, $p: Boolean!) { m: media(first: $n) { id ... on Book { size: pages @include(if: $p) } } }"
    )
    assert (
        str(stages.operation)
        == """query Long($n: Int=2, $p: Boolean!) {
  m: media(first: $n) {
    id
    size: pages on Book @include(if: $p)
  }
}"""
    )
    assert [str(graph) for graph in stages.fetch_graphs] == [
        """1. query a
{
  media(first: $n) {
    __typename
    id
    ... on Book {
      id
    }
  }
}
2. query b at "media.@" after 1 if $p
... on Book { id }
{
  ... on Book {
    pages
  }
}"""
    ]


def test_plans_are_kept_up_to_a_number_of_bytes() -> None:
    sdl = supergraph_sdl("a", "type Query @join__type(graph: A) { x: Int }")
    small, large = "{ x }", "{ x " + " ".join(f"x{number}: x" for number in range(100)) + " }"
    gateway = engine(sdl, plan_cache_bytes=100)
    assert gateway.prepare(small) is gateway.prepare(small)
    assert gateway.prepare(large) is not gateway.prepare(large)
    first = gateway.prepare(small)
    for number in range(10):
        gateway.prepare(f"{{ y{number}: x }}")
    assert gateway.prepare(small) is not first
