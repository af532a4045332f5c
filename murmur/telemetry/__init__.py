"""Metrics and logs. Names are closed vocabularies: one that is not listed does not type-check."""
