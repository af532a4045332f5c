"""One data set behind five subgraphs and behind one schema, to compare their answers."""

from typing import Any

from gateway.federation.engine import Engine

from .doubles import Recorder, federate

Object = dict[str, Any]

SDLS = {
    "accounts": """
      type Query {
        me: User user(id: ID!): User users(first: Int = 3): [User!]! node(id: ID!): Node settings: Settings @shareable
      }
      interface Node { id: ID! }
      type User implements Node @key(fields: "id") @key(fields: "handle") {
        id: ID! handle: String! name: String! @shareable bio: String address: Address @shareable friends: [User!]! kind: Kind!
        broken: String badge: String @override(from: "posts")
      }
      type Robot implements Node @key(fields: "id") { id: ID! serial: ID @shareable owner: User }
      type Address { street: String lines(upper: Boolean = false): [String!]! }
      type Settings { theme: String }
      enum Kind { PERSON ROBOT }
    """,
    "posts": """
      type Query { feed(first: Int): [Item!]! grid: [[Item]!] settings: Settings @shareable search(text: String): [Media!]! }
      interface Item { id: ID! author: User! title: String }
      type Post implements Item @key(fields: "id") { id: ID! author: User! title: String words: Int! comments: [Comment!]! }
      type Photo implements Item @key(fields: "id") { id: ID! author: User! title: String! width: Int tags: [Tag!]! }
      type User @key(fields: "id") { id: ID! posts(first: Int = 2): [Post!]! favourite: Media
        address: Address @shareable badge: String
      }
      union Media = Post | Photo
      type Comment { text: String! by: User tag: Tag }
      type Tag @key(fields: "name home { place }") { name: String! home: Home! }
      type Home @shareable { place: String! }
      type Address { city: String }
      type Settings { size: Int }
    """,
    "stats": """
      type Query { top: [Media!]! }
      union Media = Post
      type User @key(fields: "handle") {
        handle: String! rank: Int! rivals: [User!]! badge: String @external proud: Boolean @requires(fields: "badge")
      }
      type Robot @key(fields: "serial") { serial: ID model: String }
      type Post @key(fields: "id") {
        id: ID! words: Int! @external score: Int @requires(fields: "words") views(unit: Unit = ONE): Int
        author: User! @external title: String @external summary: String @requires(fields: "title author { badge }")
      }
      type Photo @key(fields: "id") { id: ID! views(unit: Unit = ONE): Int }
      type Tag @key(fields: "name home { place }") { name: String! home: Home! uses: Int! }
      type Home @shareable { place: String! }
      enum Unit { ONE THOUSAND }
    """,
    "reviews": """
      type Query { reviews: [Review!]! }
      type Product @key(fields: "id") @interfaceObject {
        id: ID! rating: Int! reviews(first: Int): [Review!]! price(currency: Currency = EUR): Int @external
        cheap: Boolean @requires(fields: "price(currency: USD)")
      }
      type Review @key(fields: "id") { id: ID! body: String product: Product! author: User @provides(fields: "name") }
      type User @key(fields: "id") { id: ID! name: String! @external reviewed: [Product!]! }
      type Post @key(fields: "id") { id: ID! score: Int @external hot: Boolean @requires(fields: "score") }
      enum Currency { EUR USD }
    """,
    "shop": """
      type Query { products: [Product!]! product(id: ID!): Product }
      interface Product @key(fields: "id") { id: ID! price(currency: Currency = EUR): Int name: String size: Size }
      type Book implements Product @key(fields: "id") {
        id: ID! price(currency: Currency = EUR): Int name: String size: Size
        pages: Int writer: User code: ID! edition(of: Int = 1): Int!
      }
      type Film implements Product @key(fields: "id") {
        id: ID! price(currency: Currency = EUR): Int name: String size: Size
        minutes: Int! actors: [User!]! code: String edition(of: Int = 1): Int
      }
      type Size { width: Int! depth: Int }
      type User @key(fields: "id") { id: ID! cart: [Product]! wish: Product }
      enum Currency { EUR USD }
    """,
}

_KEYS = {
    "User": ("id", "handle"),
    "Robot": ("id",),
    "Post": ("id",),
    "Photo": ("id",),
    "Book": ("id",),
    "Film": ("id",),
    "Review": ("id",),
}


class Village:
    """The objects, each with every field of every subgraph."""

    def __init__(self) -> None:
        self.users = [self._user(number) for number in range(4)]
        self.tags = [
            {"__typename": "Tag", "name": name, "home": {"place": place}, "uses": len(name) + len(place)}
            for name, place in (("x", "here"), ("x", "there"), ("yy", "here"))
        ]
        self.posts = [self._post(number) for number in range(4)]
        self.photos = [self._photo(number) for number in range(2)]
        self.items = [self.posts[0], self.photos[0], self.posts[1], self.photos[1], self.posts[2], self.posts[3]]
        self.products = [self._product(number) for number in range(3)]
        self.reviews = [self._review(number) for number in range(4)]
        self.robot: Object = {"__typename": "Robot", "id": "r1", "serial": "s1", "model": "T-800", "owner": self.users[1]}
        for number, user in enumerate(self.users):
            user["friends"] = [each for each in self.users if each is not user][: number % 3]
            user["rivals"] = self.users[: number % 3]
            user["posts"] = self._first([each for each in self.posts if each["author"] is user])
            user["favourite"] = [None, self.posts[1], self.photos[0], self.posts[0]][number]
            user["reviewed"] = [each["product"] for each in self.reviews if each["author"] is user]
            user["cart"] = [self.products[0], None, self.products[number % 3]][: number % 4]
            user["wish"] = self.products[number] if number < 2 else None
        self.roots: Object = {
            "me": self.users[0],
            "user": self._by_id(self.users),
            "users": lambda _info, first: self.users[:first],
            "node": self._by_id([*self.users, self.robot]),
            "settings": {"theme": "dark", "size": 12},
            "feed": lambda _info, first=None: self.items[:first],
            "grid": [[self.posts[0], None, self.photos[1]], [], [self.photos[0], self.posts[0]]],
            "search": lambda _info, text=None: [each for each in self.items if text is None or text in (each["title"] or "")],
            "top": self.posts[1:3],
            "reviews": self.reviews,
            "products": self.products,
            "product": self._by_id(self.products),
        }

    @staticmethod
    def _by_id(items: list[Object]) -> Any:
        return lambda _info, **given: next((each for each in items if each["id"] == given["id"]), None)

    @staticmethod
    def _first(items: list[Object]) -> Any:
        return lambda _info, first=None: items[:first]

    @staticmethod
    def _user(number: int) -> Object:
        def broken(_info: object) -> str:
            if number == 1:
                raise ValueError("broken")
            return "whole"

        lines = [f"line {number}", "two"]
        return {
            "__typename": "User",
            "id": f"u{number}",
            "handle": f"h{number}",
            "name": f"name {number}",
            "bio": None if number % 2 else "bio",
            "address": None
            if number == 3
            else {
                "street": f"s{number}",
                "city": f"c{number}",
                "lines": lambda _i, upper: [s.upper() if upper else s for s in lines],
            },
            "kind": "ROBOT" if number == 2 else "PERSON",
            "rank": number * 7,
            "broken": broken,
            "badge": f"badge {number}" if number else None,
            "proud": number > 0,
        }

    def _post(self, number: int) -> Object:
        comments = [{"text": f"c{number}{n}", "by": self.users[n] if n else None, "tag": self.tags[n]} for n in range(number % 3)]
        return {
            "__typename": "Post",
            "id": f"p{number}",
            "author": self.users[number % 3],
            "title": None if number == 2 else f"post {number}",
            "words": number * 100,
            "comments": comments,
            "score": number * 100 + 1,
            "hot": number * 100 + 1 > 150,
            "summary": f"{None if number == 2 else f'post {number}'} by {f'badge {number % 3}' if number % 3 else None}",
            "views": lambda _info, unit: number if unit == "ONE" else number * 1000,
        }

    def _photo(self, number: int) -> Object:
        return {
            "__typename": "Photo",
            "id": f"f{number}",
            "author": self.users[number],
            "title": f"photo {number}",
            "width": None if number else 640,
            "tags": self.tags[number:],
            "views": lambda _info, unit: 5 if unit == "ONE" else 5000,
        }

    def _product(self, number: int) -> Object:
        prices = {"EUR": number * 10, "USD": number * 12}
        return {
            "__typename": "Film" if number == 1 else "Book",
            "id": f"b{number}",
            "price": lambda _info, currency: prices[currency],
            "name": None if number == 2 else f"product {number}",
            "size": {"width": number, "depth": None} if number else None,
            "pages": number * 100,
            "writer": self.users[number],
            "minutes": 90,
            "code": f"code {number}" if number != 1 else None,
            "edition": lambda _info, of: number + of,
            "actors": self.users[:number],
            "rating": number + 1,
            "reviews": lambda _info, first=None: [each for each in self.reviews if each["product"]["id"] == f"b{number}"][:first],
            "cheap": prices["USD"] < 20,
        }

    def _review(self, number: int) -> Object:
        return {
            "__typename": "Review",
            "id": f"v{number}",
            "body": None if number == 1 else f"body {number}",
            "product": self.products[number % 3],
            "author": None if number == 2 else self.users[number],
        }

    def find(self, representation: Object) -> Object | None:
        """The object that a representation stands for, with what requirements yield computed from what was sent."""
        typename = representation["__typename"]
        if typename == "Tag":
            sent = (representation["name"], representation["home"]["place"])
            return next(each for each in self.tags if (each["name"], each["home"]["place"]) == sent)
        everything = [*self.users, *self.posts, *self.photos, *self.products, *self.reviews, self.robot]
        keys = [key for key in (*_KEYS.get(typename, ("id",)),) if key in representation]
        keys = keys or ["serial"]
        found = next(each for each in everything if any(each.get(key) == representation[key] for key in keys))
        if typename == "Post":
            sent = representation
            found = {
                **found,
                "score": lambda _info: sent["words"] + 1,
                "hot": lambda _info: sent["score"] > 150,
                "summary": lambda _info: f"{sent['title']} by {sent['author']['badge']}",
            }
        if typename == "User" and "badge" in representation:
            found = {**found, "proud": representation["badge"] is not None}
        elif typename == "User":
            found = {key: value for key, value in found.items() if key != "proud"}
        if typename == "Product":
            found = {**found, "__typename": "Product", "cheap": lambda _info: representation["price"] < 20}
        return found

    def subgraphs(self) -> dict[str, Recorder]:
        names = (*_KEYS, "Tag", "Product")
        made: dict[str, Recorder] = {}
        for name, sdl in SDLS.items():
            finders: Any = {each: self._finder(name) for each in names}
            made[name] = Recorder(sdl, self.roots, finders)
        return made

    def _finder(self, subgraph: str) -> Any:
        def find(representation: Object) -> Object | None:
            found = self.find(representation)
            # The owner answers an interface's representation with the object's own name.
            if found and subgraph == "shop" and representation["__typename"] == "Product":
                return next(each for each in self.products if each["id"] == found["id"])
            return found

        return find

    def engine(self, **options: Any) -> Engine:
        return federate(self.subgraphs(), **options)
