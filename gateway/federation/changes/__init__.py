"""What differs between two schemas, and what each difference means to the clients of the old one.

read_schema(old), read_schema(new) -> find_changes -> breaking, dangerous and safe changes
"""

from .change import Change, Level
from .compare import find_changes
from .read_schema import InvalidSchema, read_schema

__all__ = ["Change", "InvalidSchema", "Level", "find_changes", "read_schema"]
