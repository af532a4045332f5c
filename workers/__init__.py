"""The event consumers. They take ports, never adapters."""
