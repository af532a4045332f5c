"""Settings: where values come from, and what is refused."""

from pathlib import Path

import pytest

from murmur.errors import StartupError
from murmur.settings import load_settings, shown


def test_without_anything_given_the_defaults_are_those_of_the_design() -> None:
    settings = load_settings({})
    assert (settings.server.host, settings.server.port, settings.server.data_dir) == ("127.0.0.1", 8000, Path(".murmur"))
    assert (settings.stores.users_url, settings.stores.tweets_url, settings.stores.broker_url) == ("sqlite:",) * 3
    assert settings.stores.timelines_url == "memory:"
    assert not settings.server.production


def test_values_come_from_the_environment_that_is_given_and_from_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MURMUR_PORT", "1111")
    assert load_settings({}).server.port == 8000
    assert load_settings({"MURMUR_PORT": "2222", "PORT": "3333"}).server.port == 2222


def test_a_commands_option_wins_over_the_environment_and_none_is_no_option() -> None:
    environment = {"MURMUR_PORT": "2222", "MURMUR_HOST": "127.0.0.2"}
    server = load_settings(environment, port=0, host=None).server
    assert (server.port, server.host) == (0, "127.0.0.2")


def test_lists_and_objects_are_written_as_json() -> None:
    settings = load_settings(
        {"MURMUR_SUBGRAPHS": '{"tweets": "http://127.0.0.1:1/graphql"}', "MURMUR_ALLOWED_ORIGINS": '["https://a.example"]'}
    )
    assert settings.federation.subgraphs == {"tweets": "http://127.0.0.1:1/graphql"}
    assert settings.server.allowed_origins == ("https://a.example",)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("MURMUR_PROT", "did you mean MURMUR_PORT?"),
        ("MURMUR_DATADIR", "did you mean MURMUR_DATA_DIR?"),
        ("MURMUR_SUBGRAPH", "did you mean MURMUR_SUBGRAPHS?"),
        ("murmur_prot", "did you mean MURMUR_PORT?"),
        ("MURMUR_XYZZY", "see `murmur settings show`"),
    ],
)
def test_a_name_that_is_unknown_is_refused_with_the_nearest_one(name: str, advice: str) -> None:
    with pytest.raises(StartupError, match=f"unknown setting {name}; ") as refused:
        load_settings({name: "1"})
    assert str(refused.value).endswith(advice)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MURMUR_PORT", "http"),
        ("MURMUR_PORT", "65536"),
        ("MURMUR_ENV", "staging"),
        ("MURMUR_EXPLORER", "perhaps"),
        ("MURMUR_MAX_BODY_BYTES", "0"),
        ("MURMUR_SUBGRAPH_TIMEOUT", "0"),
        ("MURMUR_CELEBRITY_FOLLOWERS", "-5"),
        ("MURMUR_ARGON2_TIME_COST", ""),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_name_and_in_one_line(name: str, value: str) -> None:
    with pytest.raises(StartupError) as refused:
        load_settings({name: value})
    assert str(refused.value).startswith(f"{name}={value!r}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"), [("MURMUR_SUBGRAPHS", "tweets=http://127.0.0.1:1"), ("MURMUR_ALLOWED_ORIGINS", "http://x")]
)
def test_a_list_or_object_that_is_no_json_is_refused_by_its_name_and_in_one_line(name: str, value: str) -> None:
    with pytest.raises(StartupError) as refused:
        load_settings({name: value})
    assert str(refused.value) == f"{name}={value!r}: lists and objects are written as JSON"


def test_production_refuses_an_open_explorer_and_plain_text_to_other_machines() -> None:
    production = {"MURMUR_ENV": "production"}
    assert load_settings(production).server.production
    with pytest.raises(StartupError, match="explorer"):
        load_settings({**production, "MURMUR_EXPLORER": "true"})
    with pytest.raises(StartupError, match="tweets is reached in plain text"):
        load_settings({**production, "MURMUR_SUBGRAPHS": '{"tweets": "http://192.0.2.1/graphql"}'})
    for near in ("http://127.0.0.1:1/graphql", "http://[::1]:1/graphql", "http://localhost/graphql", "https://192.0.2.1/graphql"):
        load_settings({**production, "MURMUR_SUBGRAPHS": f'{{"tweets": "{near}"}}'})


def test_every_setting_is_shown_with_its_value_its_origin_and_a_meaning() -> None:
    environment = {"MURMUR_PORT": "2222"}
    found = {setting.name: setting for setting in shown(load_settings(environment), environment)}
    assert (found["MURMUR_PORT"].value, found["MURMUR_PORT"].origin) == ("2222", "environment")
    assert found["MURMUR_HOST"].origin == "default"
    assert all(setting.description for setting in found.values())
    assert len(found) == len({setting.name for setting in shown(load_settings({}), {})})
