"""A request that is turned away before the engine runs it, as an HTTP status and a GraphQL error."""

from murmur.errors import ErrorCode

Header = tuple[bytes, bytes]
CLOSE: Header = (b"connection", b"close")


class Refusal(Exception):
    """`str(refusal)` is told to the client."""

    def __init__(self, status: int, code: ErrorCode | str, message: str, *headers: Header) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    def error(self) -> dict[str, object]:
        return {"message": str(self), "extensions": {"code": str(self.code)}}


def malformed(message: str, status: int = 400) -> Refusal:
    return Refusal(status, ErrorCode.BAD_USER_INPUT, message)


def too_large(message: str) -> Refusal:
    # How much is still on its way is unknown, so the connection doesn't serve another request.
    return Refusal(413, ErrorCode.BAD_USER_INPUT, message, CLOSE)
