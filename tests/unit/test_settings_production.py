"""What production refuses, and how secrets are given without the environment."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from murmur.errors import StartupError
from murmur.roles.stores import Stores
from murmur.settings import load_settings, shown
from murmur.settings.production import is_exposed
from murmur.settings.stores import StoreSettings

_PRODUCTION = {"MURMUR_ENV": "production"}


@pytest.mark.parametrize(
    "url",
    [
        "mongodb://db.internal:27017/murmur",
        "mongodb://127.0.0.1:1,db.internal:2/murmur?replicaSet=rs0",
        "neo4j://u:p@graph:7687",
        "redis://10.0.0.1",
        "redis+cluster://127.0.0.1:1,10.0.0.1:2",
        "kafka://one:9092,127.0.0.1:9092",
        "http://[2001:db8::1]:80/",
    ],
)
def test_what_reaches_another_machine_in_plain_text_is_exposed(url: str) -> None:
    assert is_exposed(url)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:",
        "sqlite:/data/users.db",
        "memory:",
        "mongodb://127.0.0.1:1,localhost:2/murmur",
        "mongodb://db/murmur?tls=true&replicaSet=rs0",
        "mongodb+srv://db.example/murmur",
        "neo4j+s://graph",
        "bolt+ssc://graph",
        "rediss://cache",
        "rediss+cluster://a,b",
        "kafka+ssl://a:1,b:2",
        "redis://[::1]:6379",
        "https://a.example",
    ],
)
def test_what_is_encrypted_or_stays_on_the_machine_is_not_exposed(url: str) -> None:
    assert not is_exposed(url)


@pytest.mark.parametrize("store", ["TWEETS", "NOTIFICATIONS", "PARTNERS"])
def test_production_refuses_plain_text_towards_an_engine_except_when_told(store: str) -> None:
    name, url = f"MURMUR_{store}_URL", "mongodb://murmur:hunter2@db/murmur"
    given = {**_PRODUCTION, name: url}
    with pytest.raises(StartupError, match=f"{name}: an engine is reached in plain text") as refused:
        load_settings(given)
    assert "hunter2" not in str(refused.value)
    stores = load_settings({**given, "MURMUR_PLAINTEXT_ENGINES": "true"}).stores
    assert getattr(stores, f"{store.lower()}_url") == url


def test_production_refuses_a_default_password() -> None:
    with pytest.raises(StartupError, match="MURMUR_USERS_URL: the password is a default"):
        load_settings({**_PRODUCTION, "MURMUR_USERS_URL": "neo4j+s://neo4j:neo4j@graph"})
    assert load_settings({"MURMUR_USERS_URL": "neo4j+s://neo4j:neo4j@graph"}).stores.users_url


def test_a_setting_may_be_given_by_a_file_and_is_shown_without_its_password(tmp_path: Path) -> None:
    secret = tmp_path / "users_url"
    secret.write_text("neo4j+s://murmur:hunter2@graph/people\n")
    environment = {"MURMUR_USERS_URL_FILE": str(secret)}
    settings = load_settings(environment)
    assert settings.stores.users_url == "neo4j+s://murmur:hunter2@graph/people"
    [line] = [setting for setting in shown(settings, environment) if setting.name == "MURMUR_USERS_URL"]
    assert (line.value, line.origin) == ("neo4j+s://murmur:********@graph/people", "file")


def test_a_file_that_is_missing_unknown_or_one_of_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"MURMUR_USERS_URL_FILE=.*can't be read"):
        load_settings({"MURMUR_USERS_URL_FILE": str(tmp_path / "missing")})
    with pytest.raises(StartupError, match="both given"):
        load_settings({"MURMUR_USERS_URL_FILE": str(tmp_path), "MURMUR_USERS_URL": "sqlite:"})
    with pytest.raises(StartupError, match="unknown setting MURMUR_USER_URL_FILE"):
        load_settings({"MURMUR_USER_URL_FILE": str(tmp_path)})


def test_the_files_of_tls_go_together(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"^MURMUR_TLS_CERT_FILE, MURMUR_TLS_KEY_FILE and MURMUR_TLS_CA_FILE go together$"):
        load_settings({"MURMUR_TLS_CERT_FILE": str(tmp_path / "a.pem")})


@pytest.mark.parametrize("name", ["users", "timelines", "broker", "pubsub", "limits"])
async def test_an_engine_that_there_is_no_adapter_for_is_told_without_its_password(name: str, tmp_path: Path) -> None:
    settings = load_settings({f"MURMUR_{name.upper()}_URL": "oracle://scott:tiger@db/x"}, data_dir=tmp_path)
    async with AsyncExitStack() as stack:
        with pytest.raises(StartupError, match="oracle") as refused:
            Stores(settings, stack).open_all()
    assert "tiger" not in str(refused.value)


async def test_every_store_that_the_settings_name_is_opened_when_all_are(tmp_path: Path) -> None:
    settings = load_settings({"MURMUR_CACHE_URL": "memory:"}, data_dir=tmp_path)
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        stores.open_all()
    # A node id is leased by who makes ids, and by nobody else.
    assert {f"{name}_url" for name in stores.opened} == set(StoreSettings.model_fields) - {"leases_url"}
