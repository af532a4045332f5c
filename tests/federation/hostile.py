"""Supergraphs and operations built to make planning explode, within the size limits of the edge."""

from collections.abc import Iterator
from itertools import product

from .doubles import supergraph_sdl

TOKENS, DEPTH = 4_000, 30


def many_keys(subgraphs: int = 50, keys: int = 20) -> str:
    """An entity that all subgraphs share; each has other keys of it, some that lead only from one to the next."""
    names = [f"g{number}" for number in range(subgraphs)]
    joins: list[str] = []
    fields: dict[str, list[str]] = {}
    for number, name in enumerate(names):
        for key in range(keys):
            field = f"k{(number * keys // 2 + key) % (subgraphs * keys // 2)}"
            joins.append(f'@join__type(graph: {name.upper()}, key: "{field}")')
            fields.setdefault(field, []).append(name)
        fields[f"v{number}"] = [name]
        fields[f"next{number}"] = [name]
    body = " ".join(
        f"{field}: {'Thing' if field.startswith('next') else 'ID'} {' '.join(f'@join__field(graph: {n.upper()})' for n in known)}"
        for field, known in fields.items()
    )
    roots = " ".join(f"root{number}: Thing @join__field(graph: {name.upper()})" for number, name in enumerate(names))
    return supergraph_sdl(
        " ".join(names),
        f"type Query {' '.join(f'@join__type(graph: {name.upper()})' for name in names)} {{ {roots} }}"
        f" type Thing {' '.join(joins)} {{ {body} }}",
    )


def one_key(subgraphs: int = 50) -> str:
    """An entity of one key, whose fields all subgraphs have, and some that only one has."""
    names = [f"g{number}" for number in range(subgraphs)]
    joined = " ".join(f'@join__type(graph: {name.upper()}, key: "id")' for name in names)
    shared = " ".join(f"s{number}: Int next{number}: Thing" for number in range(10))
    own = " ".join(f"v{number}: Int @join__field(graph: {name.upper()})" for number, name in enumerate(names))
    links = " ".join(f"only{number}: Thing @join__field(graph: {name.upper()})" for number, name in enumerate(names))
    return supergraph_sdl(
        " ".join(names),
        f"type Query {' '.join(f'@join__type(graph: {name.upper()})' for name in names)} {{ root: Thing }}"
        f" type Thing {joined} {{ id: ID! {shared} {own} {links} }}",
    )


def many_members(members: int = 100, subgraphs: int = 10) -> str:
    """An interface whose implementations each subgraph has, with fields that only some of the subgraphs have."""
    names = [f"g{number}" for number in range(subgraphs)]
    everywhere = " ".join(f"@join__type(graph: {name.upper()})" for name in names)
    keyed = " ".join(f'@join__type(graph: {name.upper()}, key: "id")' for name in names)
    implements = " ".join(f'@join__implements(graph: {name.upper()}, interface: "Item")' for name in names)
    fields = " ".join(f"v{number}: Int @join__field(graph: {name.upper()})" for number, name in enumerate(names))
    links = " ".join(f"next{number}: Item @join__field(graph: {name.upper()})" for number, name in enumerate(names))
    plain = " ".join([*(f"v{number}: Int next{number}: Item" for number in range(subgraphs))])
    objects = " ".join(
        f"type M{member} implements Item {keyed} {implements} {{ id: ID! {fields} {links} own{member}: Int }}"
        for member in range(members)
    )
    return supergraph_sdl(
        " ".join(names),
        f"type Query {everywhere} {{ items: [Item] @join__field(graph: G0) }}"
        f" interface Item {everywhere} {{ id: ID! {plain} }} {objects}",
    )


def circles(fields: int = 12, subgraphs: int = 6) -> str:
    """Each field requires the two before it, which are of other subgraphs, and the circle is closed in one way only."""
    names = [f"g{number}" for number in range(subgraphs)]
    keyed = " ".join(f'@join__type(graph: {name.upper()}, key: "id")' for name in names)
    body: list[str] = ["id: ID!"]
    for number in range(fields):
        own = names[number % subgraphs].upper()
        required = " ".join(f"f{(number + back) % fields}" for back in (-1, -2)) if number > 1 else ""
        requires = f', requires: "{required}"' if required else ""
        home = f"@join__field(graph: {own}{requires})"
        users = {names[(number + ahead) % fields % subgraphs].upper() for ahead in (1, 2)} - {own}
        body.append(f"f{number}: Int {home} {' '.join(f'@join__field(graph: {user}, external: true)' for user in sorted(users))}")
        body.append(f"next{number}: Thing @join__field(graph: {own})")
    return supergraph_sdl(
        " ".join(names),
        f"type Query {' '.join(f'@join__type(graph: {name.upper()})' for name in names)}"
        f" {{ root: Thing @join__field(graph: G0) }} type Thing {keyed} {{ {' '.join(body)} }}",
    )


def nested(inner: str, leaves: str, levels: int) -> str:
    return f"{{ {leaves} {inner} " * levels + f"{{ {leaves} }}" + " }" * levels


def repeated(parts: list[str], tokens_each: int, spare: int = 100) -> str:
    return " ".join(part for part, _ in zip(parts, range((TOKENS - spare) // tokens_each), strict=False))


def cases() -> Iterator[tuple[str, str, str]]:
    """A name, a supergraph and an operation."""
    values = " ".join(f"v{number}" for number in range(50))
    for name, sdl in (("many keys", many_keys()), ("one key", one_key())):
        root = "root0" if name == "many keys" else "root"
        link = "next" if name == "many keys" else "only"
        yield f"{name}: all fields", sdl, f"{{ {root} {{ {values} }} }}"
        yield f"{name}: all fields, deep", sdl, f"{{ {root} {nested(f'{link}7', values, 25)} }}"
        chain = f"{{ {root} " + "".join(f"{{ v{n} {link}{(n * 7) % 50} " for n in range(27)) + "{ v3 }" + " }" * 28
        yield f"{name}: a chain through all subgraphs", sdl, chain
        wide = " ".join(f"{link}{n} {{ {' '.join(f'v{(n + m) % 50}' for m in range(50))} }}" for n in range(50))
        yield f"{name}: wide", sdl, f"{{ {root} {{ {wide} }} }}"
        aliases = repeated([f"a{n}: v{n % 50}" for n in range(2_000)], 3)
        yield f"{name}: aliases", sdl, f"{{ {root} {{ {aliases} }} }}"
        objects = repeated([f"a{n}: {link}{n % 50} {{ v{(n + 9) % 50} }}" for n in range(2_000)], 6)
        yield f"{name}: aliased objects", sdl, f"{{ {root} {{ {objects} }} }}"
        twofold = "fragment f12 on Thing { v0 v1 v2 }"
        for level in range(12):
            twofold += f" fragment f{level} on Thing {{ v{level} a: {link}{level} {{ ...f{level + 1} }} b: {link}{level + 1} {{ ...f{level + 1} }} }}"
        yield f"{name}: fragments that double", sdl, f"{{ {root} {{ ...f0 }} }} {twofold}"
        conditions = repeated([f"v{n % 50} @include(if: $c{n % 100})" for n in range(2_000)], 9, 700)
        declared = " ".join(f"$c{n}: Boolean!" for n in range(100))
        yield f"{name}: conditions", sdl, f"query({declared}) {{ {root} {{ {conditions} }} }}"
    shared = " ".join(f"s{n}" for n in range(10))
    sdl = one_key()
    yield "shared fields, deep", sdl, f"{{ root {nested('next1', f'{shared} v1 v2 v3', 25)} }}"
    tree = "{ s1 }"
    for level in range(8):
        tree = f"{{ next1 {tree} only{level} {tree} }}" if level < 7 else f"{{ v1 next1 {tree} }}"
    yield "shared objects, a tree", sdl, f"{{ root {tree} }}"
    sdl = many_members()
    fields = " ".join(f"v{n}" for n in range(10))
    yield "members: all fields", sdl, f"{{ items {{ {fields} }} }}"
    yield "members: deep", sdl, f"{{ items {nested('next3', fields, 25)} }}"
    yield (
        "members: wide and deep",
        sdl,
        f"{{ items {nested(' '.join(f'next{n} {{ {fields} }}' for n in range(5)) + ' next3', fields, 20)} }}",
    )
    own = " ".join(f"... on M{n} {{ own{n} v1 v2 }}" for n in range(100))
    yield "members: a fragment each", sdl, f"{{ items {{ {own} }} }}"
    links = " ".join(
        f"... on M{n} {{ next{n % 10} {{ v{(n + 1) % 10} next{(n + 5) % 10} {{ v{n % 10} }} }} }}" for n in range(100)
    )
    yield "members: a way each", sdl, f"{{ items {{ {links} }} }}"
    inside = "{ v1 }"
    for level in range(12):
        inside = f"{{ ... on M{level} {{ next{level % 10} {inside} }} ... on Item {{ next{(level + 1) % 10} {{ v2 }} }} }}"
    yield "members: fragments in fragments", sdl, f"{{ items {inside} }}"
    twofold = "fragment f9 on Item { v0 v1 }"
    for level, other in product(range(9), ["Item"]):
        twofold += (
            f" fragment f{level} on {other} {{ ... on M{level} {{ a: next{level} {{ ...f{level + 1} }} }}"
            f" ... on M{level + 1} {{ b: next{level + 1} {{ ...f{level + 1} }} }} }}"
        )
    yield "members: fragments that double", sdl, f"{{ items {{ ...f0 }} }} {twofold}"
    sdl = circles()
    required = " ".join(f"f{n}" for n in range(12))
    yield "circles: all", sdl, f"{{ root {{ {required} }} }}"
    yield "circles: the last", sdl, "{ root { f11 } }"
    yield "circles: deep", sdl, f"{{ root {nested('next7', required, 25)} }}"
    sdl = circles(24, 12)
    yield "circles: wider, the last", sdl, "{ root { f23 } }"
    yield "circles: wider, all", sdl, f"{{ root {{ {' '.join(f'f{n}' for n in range(24))} }} }}"
