"""What a client is told of errors: those with a code that Murmur knows as they are, all others without their text."""

from typing import Any

import structlog

from murmur.errors import ErrorCode

_log = structlog.get_logger()
_KNOWN = frozenset({*(code.value for code in ErrorCode), "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"})
_SHOWN = ("code", "retryAfter", "service")
HIDDEN = "something went wrong here; it has been logged"


def mask(errors: list[dict[str, Any]], request_id: str) -> list[dict[str, Any]]:
    """The errors of a response as clients may see them. What is hidden is logged under the request's id."""
    return [_mask(error, request_id) for error in errors]


def _mask(error: dict[str, Any], request_id: str) -> dict[str, Any]:
    extensions: dict[str, Any] = error.get("extensions") or {}
    shown = {key: extensions[key] for key in _SHOWN if key in extensions}
    known = shown.get("code") in _KNOWN
    if not known:
        _log.error("error hidden", request_id=request_id, error=error)
        shown |= {"code": ErrorCode.INTERNAL.value, "requestId": request_id}
    masked: dict[str, Any] = {"message": error["message"] if known else HIDDEN, "extensions": shown}
    for key in ("locations", "path"):
        if key in error:
            masked[key] = error[key]
    return masked
