"""What a cache is not told because it does not answer."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Literal

import structlog

from murmur.errors import Unavailable

# One server of several that is away fails some and not others; that is one outage.
_CALM_SECONDS = 10.0
_log = structlog.get_logger()


class Untold:
    """Lets a cache be away when it is told of changes: its store has them all the same, and their events are heard again and
    again until the cache answers.

    That is logged once when it begins, and once when for some time nothing has failed any more. `clock` tells seconds.
    """

    def __init__(self, store: Literal["tweets", "users"], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._failures = 0
        self._last_failure = 0.0

    @contextmanager
    def allowed(self) -> Generator[None]:
        """Takes Unavailable for no error."""
        try:
            yield
        except Unavailable as error:
            if not self._failures:
                _log.warning("a cache can't be told what has changed", store=self._store, reason=str(error))
            self._failures += 1
            self._last_failure = self._clock()
        else:
            if self._failures and self._clock() - self._last_failure >= _CALM_SECONDS:
                _log.info("a cache can be told again what has changed", store=self._store, failures=self._failures)
                self._failures = 0
