"""The graph that gateways are measured on: users, products, reviews and inventory, and one operation over all of them."""

from typing import Any

from gateway.federation.composition import SubgraphSdl, compose

Object = dict[str, Any]

_LINK = """extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"]
)
"""
SDLS = {
    "users": """
      type Query { users: [User!]! }
      type User @key(fields: "id") { id: ID! username: String! name: String }
    """,
    "products": """
      type Query { topProducts: [Product!]! }
      type Product @key(fields: "upc") { upc: ID! name: String! price: Int! weight: Int! }
    """,
    "reviews": """
      type Review { id: ID! body: String! author: User! product: Product! }
      type User @key(fields: "id") { id: ID! reviews: [Review!]! }
      type Product @key(fields: "upc") { upc: ID! reviews: [Review!]! }
    """,
    "inventory": """
      type Product @key(fields: "upc") {
        upc: ID! price: Int! @external weight: Int! @external
        inStock: Boolean! shippingEstimate: Int! @requires(fields: "price weight")
      }
    """,
}

DOCUMENT = """
query Shop {
  users { ...Person reviews { ...Text product { ...Ware reviews { ...Text author { ...Writer } } } } }
  topProducts { ...Ware reviews { ...Text author { ...Writer } } }
}
fragment Writer on User { ...Person reviews { ...Text product { ...Ware } } }
fragment Person on User { id username name }
fragment Text on Review { id body }
fragment Ware on Product { upc name price weight inStock shippingEstimate }
"""

_USERS, _PRODUCTS, _REVIEWS = 6, 8, 24


def supergraph(ports: dict[str, int]) -> str:
    """Composed by us, with the subgraphs on ports of the loopback interface."""
    return compose(SubgraphSdl(name, f"http://127.0.0.1:{ports[name]}/graphql", _LINK + sdl) for name, sdl in SDLS.items())


def _make() -> tuple[list[Object], list[Object]]:
    users: list[Object] = [
        {"__typename": "User", "id": f"u{n}", "username": f"user{n}", "name": f"Name {n} Surname", "reviews": []}
        for n in range(_USERS)
    ]
    products: list[Object] = [
        {
            "__typename": "Product",
            "upc": f"p{n}",
            "name": f"Product number {n}",
            "price": 100 + 337 * n,
            "weight": 50 + 11 * n,
            "inStock": n % 3 > 0,
            "reviews": [],
        }
        for n in range(_PRODUCTS)
    ]
    for n in range(_REVIEWS):
        author, product = users[n % _USERS], products[n * 3 % _PRODUCTS]
        review = {"id": f"r{n}", "body": f"Review {n}: it does what it should, mostly.", "author": author, "product": product}
        author["reviews"].append(review)
        product["reviews"].append(review)
    return users, products


def find(typename: str, representation: Object) -> Object:
    """The object that a representation stands for."""
    key = "id" if typename == "User" else "upc"
    found = next(each for each in (USERS if typename == "User" else PRODUCTS) if each[key] == representation[key])
    if "price" in representation:
        estimate = 0 if representation["price"] > 1000 else representation["weight"] // 2
        return {**found, "shippingEstimate": estimate}
    return found


USERS, PRODUCTS = _make()
