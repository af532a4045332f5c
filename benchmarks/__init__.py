"""What measures: the engine, fanout, and the platform under the workload of the published social-network benchmarks."""
