"""One process of the npm peers for all tests; without them the tests are skipped, but not in CI."""

import os
from collections.abc import Iterator

import pytest

from .peers import Peers, missing


@pytest.fixture(scope="session")
def peers() -> Iterator[Peers]:
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with Peers() as process:
        yield process


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if reason := missing():
        terminalreporter.line(f"Nothing was compared with other engines: {reason}")
