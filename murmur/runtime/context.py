"""What a resolver finds in `info.context`: who asks, and (in each subgraph's own subclass) the services and loaders."""

from murmur.errors import Unauthenticated
from murmur.identity import Caller, Viewer


class RequestContext:
    """One execution of one operation. Loaders belong to it, so nothing that one viewer may see is kept for another."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def close(self) -> None:
        """The execution is over. Loaders hold the context that holds them; apart, both go at once instead of waiting for the
        garbage collector, whose work on them would be a sixth of a home timeline's."""
        vars(self).clear()

    @property
    def viewer(self) -> Viewer | None:
        return self.caller.viewer

    @property
    def viewer_id(self) -> int | None:
        return None if self.caller.viewer is None else self.caller.viewer.user_id

    def signed_in(self) -> int:
        """The viewer's id. Raises Unauthenticated for an anonymous request."""
        if self.caller.viewer is None:
            raise Unauthenticated("sign in first: send `Authorization: Bearer TOKEN` with an access token")
        return self.caller.viewer.user_id
