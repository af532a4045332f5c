"""The timelines subgraph: home timelines, kept as a cache by fanout, and what one person posted."""
