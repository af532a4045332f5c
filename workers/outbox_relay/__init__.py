"""Moves events from the stores' outboxes to the broker. At least once, in the order of each outbox."""

from workers.outbox_relay.relay import run_relay

__all__ = ["run_relay"]
