"""What a mutation answers: the changed entity, and `userErrors` for what the person can mend."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

import strawberry

from murmur.errors import Refused, UserErrorCode
from murmur.runtime.enums import describe

P = ParamSpec("P")
_MEANINGS = {
    UserErrorCode.NOT_FOUND: "There is nothing with that id or handle.",
    UserErrorCode.EMPTY: "A value is empty that must not be.",
    UserErrorCode.TOO_SHORT: "A value is shorter than the rules ask.",
    UserErrorCode.TOO_LONG: "A value is longer than the rules allow.",
    UserErrorCode.INVALID: "A value has a form that the rules do not allow.",
    UserErrorCode.TAKEN: "Somebody else has it already.",
    UserErrorCode.PROHIBITED: "The content is prohibited on this platform.",
    UserErrorCode.BLOCKED: "One of the two people has blocked the other.",
    UserErrorCode.SELF: "This can't be done to oneself.",
    UserErrorCode.NOT_YOURS: "Only its author may do this.",
    UserErrorCode.CONFLICT: "The same idempotency key was used for something else.",
    UserErrorCode.WRONG_CREDENTIALS: "The handle or the password is wrong.",
    UserErrorCode.SESSION_ENDED: "The session has ended; sign in again.",
}
describe(UserErrorCode, "What a person can mend in a refused mutation.", _MEANINGS)


@strawberry.federation.type(
    shareable=True, description="Why a mutation was refused, for the person to mend. Nothing was changed."
)
class UserError:
    code: UserErrorCode = strawberry.field(description="A stable code to branch on.")
    message: str = strawberry.field(description="What was wrong and what would be right, in English.")
    field: list[str] | None = strawberry.field(description="The path of the input that was wrong, outermost first.")


class Payload(Protocol):
    """A payload type: each of its fields but `user_errors` has None as its default."""

    def __init__(self, *, user_errors: list[UserError]) -> None: ...


R = TypeVar("R", bound=Payload)


def refusals(payload: type[R]) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Decorate a mutation's resolver: what its service refuses becomes the payload's `userErrors`."""

    def decorate(resolver: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @wraps(resolver)
        async def answer(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return await resolver(*args, **kwargs)
            except Refused as refused:
                error = UserError(code=refused.code, message=refused.message, field=list(refused.field) or None)
                return payload(user_errors=[error])

        return answer

    return decorate
