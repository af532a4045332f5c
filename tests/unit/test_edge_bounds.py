"""The bounds that the guide states are those that hold."""

import inspect
import re
from pathlib import Path

from gateway.edge.options import Bounds
from gateway.federation.engine import Engine
from murmur.roles.connections import MOST_CONNECTIONS, BoundedConnection
from murmur.settings.federation import FederationSettings
from murmur.settings.limits import LimitSettings

GUIDE = Path(__file__).parents[2] / "docs" / "api-over-http.md"
ROW = re.compile(r"^\| (?P<of>[^|]+) \| (?P<most>[\d,]+)[^|]*\| (?:`(?P<setting>MURMUR_\w+)` )?\|$", re.MULTILINE)


def rows() -> list[re.Match[str]]:
    section = GUIDE.read_text().partition("## Bounds")[2].partition("\n## ")[0]
    found = list(ROW.finditer(section))
    assert len(found) == section.count("\n|") - 2, "a row of the table has another form"
    return found


def number(row: re.Match[str]) -> int:
    return int(row["most"].replace(",", ""))


def test_the_guide_states_every_setting_of_a_bound_with_its_default() -> None:
    fields = {f"MURMUR_{name.upper()}": field for name, field in LimitSettings.model_fields.items() if name.startswith("max_")}
    fields["MURMUR_REQUEST_TIMEOUT"] = FederationSettings.model_fields["request_timeout"]
    assert {row["setting"]: number(row) for row in rows() if row["setting"]} == {
        name: field.default for name, field in fields.items()
    }


def test_the_guide_states_the_bounds_that_have_no_setting() -> None:
    bounds = Bounds()
    assert {row["of"]: number(row) for row in rows() if not row["setting"]} == {
        "a URL's parameters": bounds.url_bytes,
        "a document": bounds.document_bytes,
        "operations of a document": inspect.signature(Engine).parameters["max_operations"].default,
        "fields at the root of an operation or fragment": bounds.root_fields,
        "characters of a name or number in a document": bounds.word_characters,
        "values in the variables": bounds.variable_values,
        "nesting of the variables": bounds.variable_nesting,
        "open connections, of all clients": MOST_CONNECTIONS,
        "the time for a request's line and headers to arrive": BoundedConnection.seconds,
    }
