"""Leases of the node ids that make Snowflakes of different processes different."""
