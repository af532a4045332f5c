"""What composition writes, word for word, for a small graph that has a bit of everything."""

from gateway.federation.composition import SubgraphSdl, compose
from tests.federation.composition.cases import LINK

PRODUCTS = f"""
{LINK}
"Goods for sale."
type Product @key(fields: "id") @key(fields: "sku brand {{ id }}") {{
  id: ID!
  sku: String
  brand: Brand
  price(currency: String = "EUR"): Int @deprecated(reason: "Ask for offers.")
  weight: Int @inaccessible @tag(name: "internal")
}}
type Brand @shareable {{ id: ID! }}
interface Media {{ url: String }}
type Image implements Media @shareable {{ url: String }}
enum Order {{ NEWEST CHEAPEST }}
input Page {{ first: Int! = 10 after: String }}
type Query {{ products(page: Page, order: Order): [Product!]! }}
"""

SHIPPING = f"""
{LINK}
type Product @key(fields: "id") {{
  id: ID!
  weight: Int @external
  fee: Int! @requires(fields: "weight")
  photo: Image
}}
type Image @shareable {{ url: String }}
input Page {{ first: Int }}
type Query {{ cheapest(page: Page): Product @provides(fields: "weight") }}
"""


def test_the_text_of_a_supergraph() -> None:
    sdl = compose(
        [
            SubgraphSdl("products", "http://products.test", PRODUCTS.replace("weight: Int @", "weight: Int @shareable @")),
            SubgraphSdl("shipping-2", "http://shipping.test", SHIPPING),
        ]
    )

    assert sdl.startswith(
        """schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/tag/v0.3")
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
{
  query: Query
}
"""
    )
    assert (
        sdl[sdl.index("enum join__Graph") :]
        == '''enum join__Graph {
  PRODUCTS @join__graph(name: "products", url: "http://products.test")
  SHIPPING_2_ @join__graph(name: "shipping-2", url: "http://shipping.test")
}

type Brand
  @join__type(graph: PRODUCTS)
{
  id: ID!
}

type Image implements Media
  @join__implements(graph: PRODUCTS, interface: "Media")
  @join__type(graph: PRODUCTS)
  @join__type(graph: SHIPPING_2_)
{
  url: String
}

interface Media
  @join__type(graph: PRODUCTS)
{
  url: String
}

enum Order
  @join__type(graph: PRODUCTS)
{
  NEWEST @join__enumValue(graph: PRODUCTS)
  CHEAPEST @join__enumValue(graph: PRODUCTS)
}

input Page
  @join__type(graph: PRODUCTS)
  @join__type(graph: SHIPPING_2_)
{
  first: Int! @join__field(graph: PRODUCTS, type: "Int!") @join__field(graph: SHIPPING_2_, type: "Int")
}

"""Goods for sale."""
type Product
  @join__type(graph: PRODUCTS, key: "id")
  @join__type(graph: PRODUCTS, key: "sku brand { id }")
  @join__type(graph: SHIPPING_2_, key: "id")
{
  id: ID!
  sku: String @join__field(graph: PRODUCTS)
  brand: Brand @join__field(graph: PRODUCTS)
  price(currency: String = "EUR"): Int @join__field(graph: PRODUCTS) @deprecated(reason: "Ask for offers.")
  weight: Int @join__field(graph: PRODUCTS) @join__field(graph: SHIPPING_2_, external: true) @tag(name: "internal") @inaccessible
  fee: Int! @join__field(graph: SHIPPING_2_, requires: "weight")
  photo: Image @join__field(graph: SHIPPING_2_)
}

type Query
  @join__type(graph: PRODUCTS)
  @join__type(graph: SHIPPING_2_)
{
  products(page: Page, order: Order): [Product!]! @join__field(graph: PRODUCTS)
  cheapest(page: Page): Product @join__field(graph: SHIPPING_2_, provides: "weight")
}
'''
    )
