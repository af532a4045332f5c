"""Signing up and in, sessions, passwords, the own profile.

A session is a family of refresh tokens. A refresh token is the session's id (the person's id and 128 random bits, which access
tokens show too), 128 random bits of its own, and an HMAC of the two by a secret of the session; each refresh puts a new one in
the place of the last, and only the SHA-256 hash of the one that is valid is kept. Presenting any other token of the family means
that somebody has a copy, so the whole family ends. The HMAC tells such a token, however old, from one that was made up around a
known id: that one ends nothing.

A new password starts a new generation. Sessions of an earlier one are over from that write on, whatever keeps them.

That is strict on purpose: a client whose refresh was answered but who never saw the answer presents a token that was rotated,
which looks the same as theft, and must sign in again. A client should therefore store the new token before it uses the new
session, and never refresh twice at once.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from ipaddress import IPv6Address, ip_address

from murmur.clock import Clock
from murmur.errors import Refused, Unauthenticated, UserErrorCode
from murmur.events import ProfileUpdated, UserSignedUp
from murmur.identity import Caller, TokenSigner, Viewer
from murmur.ids import IdSource
from murmur.text import is_handle
from subgraphs.users.model import Credentials, Outcome, ProfileChanges, Session, SignedIn, User
from subgraphs.users.ports import Sessions, Throttle, UsersStore
from subgraphs.users.service.base import Base
from subgraphs.users.service.passwords import Passwords, check_password, plausible
from subgraphs.users.service.profiles import check_email, check_handle, check_profile

REFRESH_TOKEN_MS = 60 * 24 * 3600 * 1000
"""How long a refresh token is good for; each refresh gives a new one with its own 60 days."""
MAX_SESSIONS = 50
_MAC_BYTES = 16
# In base64url: a session's id are the 8 bytes of the person's and 16 random ones, and 16 bytes each are the other two parts.
_ID, _PART = 32, 22
_ID_BYTES = 8
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{_ID + 2 * _PART}}}")


class Accounts(Base):
    def __init__(
        self,
        store: UsersStore,
        sessions: Sessions,
        passwords: Passwords,
        tokens: TokenSigner,
        throttle: Throttle,
        ids: IdSource,
        clock: Clock,
        admins: Collection[int] = (),
    ) -> None:
        super().__init__(store, ids, clock)
        self._sessions = sessions
        self._admins = frozenset(admins)
        self._passwords = passwords
        self._tokens = tokens
        self._throttle = throttle

    async def sign_up(self, handle: str, password: str, name: str, email: str | None, caller: Caller) -> SignedIn:
        """Open an account and its first session. Raises Refused (TAKEN, and what the rules of each field say), RateLimited."""
        check_handle(handle)
        check_password(password, "input", "password")
        profile = check_profile({"name": name})
        email = check_email(email)
        await self._throttle.spend("sign_up_address", _network(caller.address))
        # Asked before the hash is made, which costs most; the store has the last word.
        if await self._store.ids_of_handles((handle,)):
            raise _taken(handle)
        password_hash = await self._passwords.hash(password)
        now = self._clock()
        user = User(self._ids(), handle, profile["name"] or "", None, None, None, None, now)
        event = UserSignedUp(id=self._ids(), at=now, user_id=user.id, handle=handle, name=user.name)
        if await self._store.add_account(user, Credentials(user.id, password_hash, email), event) is not Outcome.DONE:
            raise _taken(handle)
        return await self._start_session(user.id, 0)

    async def sign_in(self, handle: str, password: str, caller: Caller) -> SignedIn:
        """Start a session. Raises Refused(WRONG_CREDENTIALS), the same and as late for an unknown handle; RateLimited.

        Tries are counted before the password is compared, so that no number of guesses at once gets past a limit, and a
        success is given back.
        """
        network = _network(caller.address)
        await self._throttle.spend("sign_in_address", network)
        if not (is_handle(handle) and plausible(password)):
            raise _wrong_credentials()
        account = handle.lower()
        await self._throttle.spend("sign_in_account", account)
        known = await self._store.credentials_of(handle)
        password_hash = known and known.password_hash
        if not await self._passwords.verify(password, password_hash) or known is None or password_hash is None:
            raise _wrong_credentials()
        await self._throttle.give_back("sign_in_address", network)
        await self._throttle.forget("sign_in_account", account)
        if self._passwords.outdated(password_hash):
            await self._store.rehash(known.user_id, password_hash, await self._passwords.hash(password))
        return await self._start_session(known.user_id, known.generation)

    async def change_password(self, user_id: int, current: str, new: str) -> SignedIn:
        """Set a new password, end all sessions and start one. Raises Refused(WRONG_CREDENTIALS, TOO_SHORT…), RateLimited."""
        check_password(new, "input", "newPassword")
        user = await self._own_profile(user_id)
        account = user.handle.lower()
        await self._throttle.spend("sign_in_account", account)
        known = await self._store.credentials(user_id)
        password_hash = known and known.password_hash
        right = plausible(current) and await self._passwords.verify(current, password_hash)
        if not right or password_hash is None:
            raise Refused(UserErrorCode.WRONG_CREDENTIALS, "this is not the current password", "input", "currentPassword")
        await self._throttle.forget("sign_in_account", account)
        new_hash = await self._passwords.hash(new)
        generation = await self._store.change_password(user_id, password_hash, new_hash)
        if generation is None:
            raise Refused(
                UserErrorCode.WRONG_CREDENTIALS, "the password has just been changed elsewhere", "input", "currentPassword"
            )
        return await self._start_session(user_id, generation)

    async def refresh_session(self, refresh_token: str) -> SignedIn:
        """Exchange a refresh token for a new one and a new access token. Raises Refused(SESSION_ENDED)."""
        session = await self._session_of(refresh_token)
        if session is not None:
            user_id, new_token, now = session.user_id, _new_token(session.id, session.secret), self._clock()
            hashes = _token_hash(refresh_token), _token_hash(new_token)
            if await self._sessions.rotate(user_id, session.id, *hashes, now, now + REFRESH_TOKEN_MS):
                return self._signed_in(user_id, session.id, new_token)
        raise Refused(UserErrorCode.SESSION_ENDED, "the session has ended; sign in again", "refreshToken")

    async def sign_out(self, refresh_token: str) -> None:
        """End the session of a refresh token, a rotated one included. A session that is over already stays so."""
        session = await self._session_of(refresh_token)
        if session is not None:
            await self._sessions.end(session.user_id, session.id)

    async def update_profile(self, user_id: int, changes: ProfileChanges) -> User:
        """Change the fields given. Raises Refused, naming the field."""
        changes = check_profile(changes)
        event_id, now = self._ids(), self._clock()

        def announce(user: User) -> ProfileUpdated:
            return ProfileUpdated(id=event_id, at=now, user_id=user.id, name=user.name, bio=user.bio)

        user = await self._store.update_profile(user_id, changes, announce)
        if user is None:
            raise _gone()
        return user

    async def _own_profile(self, user_id: int) -> User:
        user = (await self._store.users((user_id,))).get(user_id)
        if user is None:
            raise _gone()
        return user

    async def _session_of(self, refresh_token: str) -> Session | None:
        """The session that a token is or was one of, unless the password is another since."""
        user_id = _user_of(refresh_token)
        session = None if user_id is None else await self._sessions.session(user_id, refresh_token[:_ID])
        if session is None:
            return None
        known = await self._store.credentials(session.user_id)
        if known is None or known.generation > session.generation:
            await self._sessions.end(session.user_id, session.id)
            return None
        current = hmac.compare_digest(session.token_hash, _token_hash(refresh_token))
        was = hmac.compare_digest(_authenticated(refresh_token[: _ID + _PART], session.secret), refresh_token)
        return session if current or was else None

    async def _start_session(self, user_id: int, generation: int) -> SignedIn:
        session_id, secret = _new_session_id(user_id), secrets.token_bytes(32)
        refresh_token, now = _new_token(session_id, secret), self._clock()
        session = Session(session_id, user_id, _token_hash(refresh_token), now, now + REFRESH_TOKEN_MS, secret, generation)
        await self._sessions.start(session, MAX_SESSIONS)
        return self._signed_in(user_id, session_id, refresh_token)

    def _signed_in(self, user_id: int, session_id: str, refresh_token: str) -> SignedIn:
        access_token, expires_at = self._tokens.sign(Caller(Viewer(user_id, session_id, user_id in self._admins)))
        return SignedIn(user_id, access_token, refresh_token, expires_at)


def _new_session_id(user_id: int) -> str:
    return base64.urlsafe_b64encode(user_id.to_bytes(_ID_BYTES, signed=True) + secrets.token_bytes(16)).decode()


def _user_of(refresh_token: str) -> int | None:
    """Whose session a token claims to be of; None for what is no token."""
    if not _TOKEN.fullmatch(refresh_token):
        return None
    user_id = int.from_bytes(base64.urlsafe_b64decode(refresh_token[:_ID])[:_ID_BYTES], signed=True)
    return user_id if user_id > 0 else None


def _new_token(session_id: str, secret: bytes) -> str:
    return _authenticated(session_id + secrets.token_urlsafe(16), secret)


def _authenticated(parts: str, secret: bytes) -> str:
    """The first two parts of a token with the third, their HMAC."""
    mac = hmac.digest(secret, parts.encode(), "sha256")[:_MAC_BYTES]
    return parts + base64.urlsafe_b64encode(mac).decode().rstrip("=")


def _token_hash(refresh_token: str) -> bytes:
    # The token is random, so a plain hash can't be guessed back.
    return hashlib.sha256(refresh_token.encode()).digest()


def _network(address: str) -> str:
    """What an address is throttled by: an IPv6 client has a network of 64 bits to itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or parsed.packed[:8].hex())
    return address


def _taken(handle: str) -> Refused:
    return Refused(UserErrorCode.TAKEN, f"somebody else has the handle {handle}", "input", "handle")


def _wrong_credentials() -> Refused:
    return Refused(UserErrorCode.WRONG_CREDENTIALS, "the handle or the password is wrong")


def _gone() -> Unauthenticated:
    return Unauthenticated("this account does not exist any more; sign in again")
