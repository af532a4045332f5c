"""Who did what with somebody: grouped, counted, and told at once to whoever listens."""
