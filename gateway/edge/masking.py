"""What a client is told of errors: those that are meant for it as they are, all others without their text."""

from typing import Any

import structlog

from gateway.edge.options import ErrorsShown
from murmur.errors import DEFECT, ErrorCode

_log = structlog.get_logger()
_KNOWN = frozenset({*(code.value for code in ErrorCode), "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"})
_SHOWN = ("code", "retryAfter", "service")
_TRACES = ("exception", "stacktrace")


def defect(request_id: str) -> dict[str, Any]:
    """The error that stands for a defect of the edge, which is logged under the request's id."""
    return {"message": DEFECT, "extensions": {"code": ErrorCode.INTERNAL.value, "requestId": request_id}}


class ErrorMask:
    def __init__(self, shown: ErrorsShown) -> None:
        self._shown = shown

    def mask(self, errors: list[dict[str, Any]], request_id: str) -> list[dict[str, Any]]:
        """The errors of a response as clients may see them. What is hidden is logged under the request's id."""
        return errors if self._shown == "all" else [self._mask(error, request_id) for error in errors]

    def _mask(self, error: dict[str, Any], request_id: str) -> dict[str, Any]:
        extensions: dict[str, Any] = error.get("extensions") or {}
        told = self._is_told(extensions.get("code"))
        if told and self._shown == "coded":
            # Some servers put their own stack beside the code.
            shown = {key: value for key, value in extensions.items() if key not in _TRACES}
        else:
            shown = {key: extensions[key] for key in _SHOWN if key in extensions}
        if not told:
            _log.error("error hidden", request_id=request_id, error=error)
            shown |= {"code": ErrorCode.INTERNAL.value, "requestId": request_id}
        masked: dict[str, Any] = {"message": error["message"] if told else DEFECT, "extensions": shown}
        for key in ("locations", "path"):
            if key in error:
                masked[key] = error[key]
        return masked

    def _is_told(self, code: object) -> bool:
        return code in _KNOWN if self._shown == "known" else isinstance(code, str)
