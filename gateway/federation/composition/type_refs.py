"""Type references in their written form, such as `[User!]!`: what a field or argument says of its type."""


def base_name(reference: str) -> str:
    """The named type inside: `User` of `[User!]!`."""
    return reference.strip("[]!")


def is_non_null(reference: str) -> bool:
    return reference.endswith("!")


def nullable(reference: str) -> str:
    return reference.removesuffix("!")


def is_list(reference: str) -> bool:
    return reference.startswith("[")


def item_type(reference: str) -> str:
    """`User!` of `[User!]!`; only for lists."""
    return nullable(reference)[1:-1]


def with_base(reference: str, name: str) -> str:
    """The same wrapping around another named type."""
    return reference.replace(base_name(reference), name)
