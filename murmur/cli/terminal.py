"""Where commands write: results to standard output, everything else to standard error."""

from typing import Any

from rich.console import Console

PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "soft_wrap": True}
"""For text that is written as it is."""
out = Console()
err = Console(stderr=True)
