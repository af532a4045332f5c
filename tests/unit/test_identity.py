"""Tokens: who made one, for what, and until when."""

import base64
import json
import threading
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from murmur.errors import StartupError, Unauthenticated
from murmur.identity import (
    Audience,
    Caller,
    TokenSigner,
    TokenVerifier,
    Viewer,
    jwks,
    key_id,
    keys_of_jwks,
    load_or_create_key,
)

KEY = Ed25519PrivateKey.generate()
ADA = Caller(Viewer(7, "session", admin=True), "192.0.2.1")


class Time:
    ms = 1_760_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def time() -> Time:
    return Time()


def verifier(time: Time, audience: Audience = "access", key: Ed25519PrivateKey = KEY) -> TokenVerifier:
    return TokenVerifier({key_id(key.public_key()): key.public_key()}, audience, time)


def claims(**changed: object) -> dict[str, object]:
    given = {"iss": "murmur", "aud": "access", "exp": Time.ms // 1000 + 60, "sub": "7", "sid": "s"} | changed
    return {name: value for name, value in given.items() if value is not None}


def signed(payload: dict[str, object], **header: str) -> str:
    return jwt.encode(payload, KEY, "EdDSA", headers={"kid": key_id(KEY.public_key())} | header)


@pytest.mark.parametrize("caller", [ADA, Caller(Viewer(7, "session")), Caller(None), Caller(None, "::1")])
def test_a_token_says_who_asks(time: Time, caller: Caller) -> None:
    token, expires_at = TokenSigner(KEY, "access", 900, time).sign(caller)
    assert verifier(time).verify(token) == caller
    assert expires_at == time.ms + 900_000


def test_a_token_ends_at_its_time_even_when_it_was_verified_before(time: Time) -> None:
    token, expires_at = TokenSigner(KEY, "access", 900, time).sign(ADA)
    verify = verifier(time).verify
    time.ms = expires_at - 1
    assert verify(token) == ADA
    time.ms = expires_at
    with pytest.raises(Unauthenticated, match="expired"):
        verify(token)


def test_a_token_of_one_audience_is_none_of_the_other(time: Time) -> None:
    access, _ = TokenSigner(KEY, "access", 900, time).sign(ADA)
    identity, _ = TokenSigner(KEY, "identity", 60, time).sign(ADA)
    for audience, token in (("identity", access), ("access", identity)):
        with pytest.raises(Unauthenticated, match="not valid"):
            verifier(time, audience).verify(token)


def test_a_token_of_another_key_is_not_valid(time: Time) -> None:
    other = Ed25519PrivateKey.generate()
    token, _ = TokenSigner(other, "access", 900, time).sign(ADA)
    forged = jwt.encode(claims(), other, "EdDSA", headers={"kid": key_id(KEY.public_key())})
    for wrong in (token, forged):
        with pytest.raises(Unauthenticated):
            verifier(time).verify(wrong)


def test_a_token_that_was_altered_is_not_valid(time: Time) -> None:
    header, body, signature = TokenSigner(KEY, "access", 900, time).sign(ADA)[0].split(".")
    changed = json.loads(base64.urlsafe_b64decode(body + "==")) | {"sub": "8"}
    other = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
    unsigned = (
        base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": key_id(KEY.public_key())}).encode()).decode().rstrip("=")
    )
    for wrong in (f"{header}.{other}.{signature}", f"{unsigned}.{body}.", f"{header}.{body}.", ""):
        with pytest.raises(Unauthenticated):
            verifier(time).verify(wrong)


def test_a_public_key_is_no_secret_to_sign_with(time: Time) -> None:
    public = KEY.public_key().public_bytes_raw()
    token = jwt.encode(claims(), public + b"\0" * 32, "HS256", headers={"kid": key_id(KEY.public_key())})
    with pytest.raises(Unauthenticated):
        verifier(time).verify(token)


@pytest.mark.parametrize(
    "payload",
    [
        claims(exp=None),
        claims(exp="soon"),
        claims(iss="somebody"),
        claims(aud=None),
        claims(sub="ada"),
        claims(sid=None),
    ],
)
def test_a_token_without_what_it_needs_is_not_valid(time: Time, payload: dict[str, object]) -> None:
    with pytest.raises(Unauthenticated):
        verifier(time).verify(signed(payload))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ü.ü.ü", "\ud800", "." * 10_000, "\0"])
def test_what_is_no_token_is_not_valid(time: Time, token: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier(time).verify(token)


def test_a_key_set_is_read_back_and_shows_public_keys_alone() -> None:
    other = Ed25519PrivateKey.generate()
    document = json.loads(json.dumps(jwks(KEY.public_key(), other.public_key())))
    found = keys_of_jwks(document)
    assert {name: key.public_bytes_raw() for name, key in found.items()} == {
        key_id(key.public_key()): key.public_key().public_bytes_raw() for key in (KEY, other)
    }
    assert all(key["kty"] == "OKP" and key["crv"] == "Ed25519" and "d" not in key for key in document["keys"])


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "access.pem"
    first = load_or_create_key(path)
    assert load_or_create_key(path).private_bytes_raw() == first.private_bytes_raw()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["access.pem"]


def test_all_who_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "access.pem"
    start = threading.Barrier(8)
    keys: list[bytes] = []

    def load() -> None:
        start.wait()
        keys.append(load_or_create_key(path).private_bytes_raw())

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_file_that_is_no_such_key_is_told_at_the_start(tmp_path: Path) -> None:
    text, other_kind, folder = tmp_path / "text.pem", tmp_path / "ec.pem", tmp_path / "folder.pem"
    text.write_text("not a key")
    folder.mkdir()
    other_kind.write_bytes(
        generate_private_key(SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    for path in (text, other_kind, folder):
        with pytest.raises(StartupError, match="signing key"):
            load_or_create_key(path)
