"""Real engines on this machine, started from packages: for tests, benchmarks and `murmur cluster up`."""
