"""Whether what the stores hold agrees: counts with edges, references with what they refer to, timelines with posts."""
