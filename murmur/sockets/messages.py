"""Messages of the `graphql-transport-ws` protocol: how they are read and written, and its close codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, cast

import orjson

PROTOCOL = "graphql-transport-ws"
MAX_ID = 128
_BARE = ("connection_init", "ping", "pong")

Kind = Literal["connection_init", "ping", "pong", "subscribe", "complete"]


class Close(IntEnum):
    """The protocol's own codes, and those of WebSocket itself on which its clients connect again."""

    RESTART = 1012
    TOO_SLOW = 1013
    BAD_MESSAGE = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE = 4409
    TOO_MANY_INITS = 4429
    INTERNAL = 4500


class Closed(Exception):
    """The socket is to be closed with this code; `str(closed)` is the reason that the other side is told."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class ClientMessage:
    """`id` is empty for messages that are about the socket itself."""

    kind: Kind
    id: str
    payload: Mapping[str, Any] | None


def read_client_message(text: str | None) -> ClientMessage:
    """Raises Closed (4400), naming what is wrong, for what is no message of a client."""
    if text is None:
        raise _bad("messages are text, not bytes")
    try:
        message: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _bad("a message is a JSON object") from error
    if not isinstance(message, dict):
        raise _bad("a message is a JSON object")
    fields = cast(dict[str, Any], message)
    kind, payload = fields.get("type"), fields.get("payload")
    if kind in _BARE:
        if not isinstance(payload, dict | None):
            raise _bad(f"the payload of {kind} is an object, or left out")
        return ClientMessage(kind, "", payload)
    if kind not in ("subscribe", "complete"):
        raise _bad("the type of a message is connection_init, ping, pong, subscribe or complete")
    id_ = fields.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= MAX_ID:
        raise _bad(f"the id of {kind} is a string of 1 to {MAX_ID} characters")
    if kind == "subscribe" and not isinstance(payload, dict):
        raise _bad("the payload of subscribe is an object with `query`")
    return ClientMessage(kind, id_, payload if kind == "subscribe" else None)


def write_bare(kind: Literal["connection_ack", "ping", "pong"], payload: Mapping[str, Any] | None = None) -> bytes:
    return b'{"type":"%b"}' % kind.encode() if payload is None else orjson.dumps({"type": kind, "payload": payload})


def write_next(id_: str, payload: bytes) -> bytes:
    """`payload` is a response that is JSON already, so that one event is encoded once for all who get it."""
    return b'{"id":%b,"type":"next","payload":%b}' % (orjson.dumps(id_), payload)


def write_error(id_: str, errors: object) -> bytes:
    return orjson.dumps({"id": id_, "type": "error", "payload": errors})


def write_complete(id_: str) -> bytes:
    return orjson.dumps({"id": id_, "type": "complete"})


def _bad(reason: str) -> Closed:
    return Closed(Close.BAD_MESSAGE, reason)
