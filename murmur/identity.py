"""Who asks: signed by EdDSA, verified once at the gateway, handed to subgraphs as a short-lived token that they trust alone.

Two tokens, two keys, two audiences: an *access token* (15 minutes, what a client sends as `Authorization: Bearer`) and an
*identity token* (a minute, what the gateway sends to subgraphs as `Murmur-Identity`). Neither passes for the other.
"""

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jwt
from cachetools import LRUCache
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

from murmur.clock import Clock, wall_clock
from murmur.errors import StartupError, Unauthenticated

IDENTITY_HEADER = "murmur-identity"
JWKS_PATH = "/.well-known/jwks.json"
ACCESS_TOKEN_SECONDS = 15 * 60
IDENTITY_TOKEN_SECONDS = 60
_ISSUER = "murmur"
_VERIFIED_TOKENS = 50_000
_PUBLIC_KEY = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)

Audience = Literal["access", "identity"]


class UnknownKey(Unauthenticated):
    """A token names a key that its verifier does not know, or does not know yet."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person of a request. `session_id` names the family of refresh tokens that the access token came from."""

    user_id: int
    session_id: str
    admin: bool = False


def load_or_create_key(path: Path) -> Ed25519PrivateKey:
    """The private key in the PEM file at `path`, made on first use, readable by its owner alone. Raises StartupError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_key(path)
    except OSError as error:
        raise StartupError(f"can't write the signing key {path}: {error.strerror}") from error
    return load_key(path)


def load_key(path: Path) -> Ed25519PrivateKey:
    """The private key in the PEM file at `path`. Raises StartupError."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise StartupError(f"can't read the signing key {path}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StartupError(f"the signing key {path} is not an Ed25519 key")
    return key


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """What `load_public_keys` reads."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def load_public_keys(path: Path) -> dict[str, Ed25519PublicKey]:
    """The public keys in the PEM file at `path`, one or more, by key id. Raises StartupError."""
    found: dict[str, Ed25519PublicKey] = {}
    try:
        for block in _PUBLIC_KEY.findall(path.read_bytes()):
            key = serialization.load_pem_public_key(block)
            if not isinstance(key, Ed25519PublicKey):
                raise StartupError(f"{path} holds a public key that is not an Ed25519 key")
            found[key_id(key)] = key
    except (OSError, ValueError) as error:
        raise StartupError(f"can't read the public keys {path}: {error}") from error
    if not found:
        raise StartupError(f"{path} holds no public key; `openssl pkey -in KEY -pubout` writes that of a private one")
    return found


def _write_key(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Written whole under another name and linked into place: two processes that start at once agree on one key.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


@dataclass(frozen=True, slots=True)
class Caller:
    """What a token says: who asks (None for an anonymous request) and, in identity tokens, from which network address."""

    viewer: Viewer | None
    address: str = ""


class TokenSigner:
    """Signs tokens of one audience."""

    def __init__(self, key: Ed25519PrivateKey, audience: Audience, seconds: int, clock: Clock = wall_clock) -> None:
        self._key = key
        self._audience = audience
        self._clock = clock
        self.seconds = seconds
        self.public_key = key.public_key()
        self.key_id = key_id(self.public_key)

    def sign(self, caller: Caller) -> tuple[str, int]:
        """A token and when it expires, in milliseconds since the Unix epoch."""
        now = self._clock() // 1000
        claims: dict[str, object] = {"iss": _ISSUER, "aud": self._audience, "iat": now, "exp": now + self.seconds}
        if caller.address:
            claims["adr"] = caller.address
        if caller.viewer is not None:
            claims |= {"sub": str(caller.viewer.user_id), "sid": caller.viewer.session_id}
            if caller.viewer.admin:
                claims["adm"] = True
        return jwt.encode(claims, self._key, "EdDSA", headers={"kid": self.key_id}), (now + self.seconds) * 1000


class TokenVerifier:
    """Verifies tokens of one audience against the public keys of an issuer. A token is verified once and then remembered."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey], audience: Audience, clock: Clock = wall_clock) -> None:
        self._keys = dict(keys)
        self._audience = audience
        self._clock = clock
        self._verified: LRUCache[str, tuple[Caller, int]] = LRUCache(_VERIFIED_TOKENS)

    @property
    def keys(self) -> Mapping[str, Ed25519PublicKey]:
        """The keys that are trusted now, by key id."""
        return self._keys

    def trust(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        """Trust these keys from now on, and no others: what a withdrawn one has signed is not valid any more."""
        if not self._keys.keys() <= keys.keys():
            self._verified.clear()
        self._keys = dict(keys)

    def verify(self, token: str) -> Caller:
        """Who a token speaks for.

        Raises Unauthenticated, saying what is wrong with the token (never its content): UnknownKey where another key might
        have signed it.
        """
        return self.verify_until(token)[0]

    def verify_until(self, token: str) -> tuple[Caller, int]:
        """As `verify`, with when the token expires, in milliseconds since the Unix epoch."""
        known = self._verified.get(token)
        if known is None:
            known = self._verified[token] = self._decode(token)
        if self._clock() >= known[1]:
            raise Unauthenticated("the token has expired; refresh the session")
        return known

    def _decode(self, token: str) -> tuple[Caller, int]:
        try:
            key = self._keys.get(jwt.get_unverified_header(token)["kid"])
            if key is None:
                raise UnknownKey("the token is not valid; sign in again")
            claims = jwt.decode(
                token,
                key,
                ["EdDSA"],
                audience=self._audience,
                issuer=_ISSUER,
                # Expiry is checked on each use, by the clock that was handed in.
                options={"require": ["exp"], "verify_exp": False, "verify_iat": False},
            )
            viewer = None
            if "sub" in claims:
                viewer = Viewer(int(claims["sub"]), str(claims["sid"]), claims.get("adm") is True)
            return Caller(viewer, str(claims.get("adr", ""))), int(claims["exp"]) * 1000
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
            raise Unauthenticated("the token is not valid; sign in again") from error


def key_id(key: Ed25519PublicKey) -> str:
    """A short name of a public key, the same in every process."""
    return key.public_bytes_raw().hex()[:16]


def jwks(*keys: Ed25519PublicKey) -> dict[str, list[dict[str, object]]]:
    """The keys as a JSON Web Key Set (RFC 7517, RFC 8037)."""
    return {"keys": [{**json.loads(OKPAlgorithm.to_jwk(key)), "kid": key_id(key), "use": "sig", "alg": "EdDSA"} for key in keys]}


def keys_of_jwks(document: Mapping[str, object]) -> dict[str, Ed25519PublicKey]:
    """The Ed25519 keys of a JSON Web Key Set by key id; keys of other kinds are passed over."""
    found: dict[str, Ed25519PublicKey] = {}
    for key in jwt.PyJWKSet.from_dict(dict(document)).keys:
        if key.key_id and isinstance(key.key, Ed25519PublicKey):
            found[key.key_id] = key.key
    return found
