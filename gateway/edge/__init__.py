"""The web in front of the engine: GraphQL over HTTP, identity, bounds, the explorer, health and metrics."""
