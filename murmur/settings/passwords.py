"""The cost of hashing a password with argon2id; the defaults are RFC 9106's second recommendation."""

from pydantic import Field

from murmur.settings.base import Concern


class PasswordSettings(Concern):
    argon2_time_cost: int = Field(3, ge=1, description="Passes over the memory.")
    argon2_memory_kib: int = Field(65_536, ge=8, description="Memory of one hash, in KiB.")
    argon2_parallelism: int = Field(4, ge=1, description="Lanes of one hash.")
