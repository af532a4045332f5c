"""How many random examples the tests ask; `RANDOM_EXAMPLES=5000 pytest tests/federation` asks more, and others each time."""

import os

from hypothesis import HealthCheck, settings

_ASKED = int(os.environ.get("RANDOM_EXAMPLES", "0"))


def random_examples(usual: int) -> settings:
    """Settings for `usual` examples, the same ones in every run, or for as many as the environment asks for."""
    return settings(max_examples=_ASKED or usual, derandomize=not _ASKED, deadline=None, suppress_health_check=list(HealthCheck))
