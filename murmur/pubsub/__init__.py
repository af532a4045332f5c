"""Messages to whoever listens at this moment: what subscriptions are fed by."""
