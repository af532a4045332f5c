"""Picks the broker by the scheme of its URL."""

from pathlib import Path

from murmur.broker.ports import Broker
from murmur.broker.sqlite import SqliteBroker
from murmur.errors import UnknownScheme
from murmur.sqlite import path_of


def open_broker(url: str, data_dir: Path) -> Broker:
    """The broker at `url`. Raises StartupError for an unknown scheme or a file that can't be opened."""
    if url.startswith("sqlite:"):
        return SqliteBroker(path_of(url, data_dir, "broker"))
    if url.startswith(("kafka:", "kafka+ssl:")):
        from murmur.broker.kafka import KafkaBroker

        return KafkaBroker(url)
    raise UnknownScheme("broker", url, "sqlite", "kafka", "kafka+ssl")
