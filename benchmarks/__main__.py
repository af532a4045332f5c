"""`python -m benchmarks`: everything that is measured, or parts of it by name."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import analytics, cluster, engine, fanout, kafka, live, mongodb, neo4j, notifications, redis, search, social
from benchmarks.gateway import measure as gateway
from benchmarks.report import title
from benchmarks.server import BenchmarkFailed

_SECONDS = 6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure; see docs/benchmarks.md.")
    parser.add_argument("--graph", type=Path, metavar="FILE", help="edge list of the social network; a generated one without it")
    parser.add_argument("--seconds", type=float, default=_SECONDS, metavar="N", help="of each phase, or gateway")
    parser.add_argument(
        "--only",
        choices=(
            "analytics",
            "cluster",
            "engine",
            "gateway",
            "fanout",
            "kafka",
            "live",
            "mongodb",
            "neo4j",
            "notifications",
            "redis",
            "search",
            "social",
        ),
        help="measure this alone",
    )
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "analytics": analytics.main,
        "engine": engine.main,
        "gateway": lambda: gateway.main(given.seconds),
        "fanout": lambda: asyncio.run(fanout.measure(people=1_000, followers=40, tweets=20_000, rate=200)),
        "kafka": kafka.main,
        "live": live.main,
        "mongodb": mongodb.main,
        "neo4j": neo4j.main,
        "notifications": notifications.main,
        "redis": redis.main,
        "search": search.main,
        "cluster": lambda: cluster.main(given.graph, given.seconds),
        "social": lambda: social.main(given.graph, given.seconds),
    }
    for name, measure in parts.items():
        if given.only in (None, name):
            title(f"== {name} ==")
            try:
                measure()
            except BenchmarkFailed as failed:
                sys.exit(f"{name}: {failed}")
            except KeyboardInterrupt:
                sys.exit(130)


main()
