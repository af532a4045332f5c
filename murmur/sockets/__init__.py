"""The `graphql-transport-ws` protocol: what the edge speaks with clients, and subgraphs with the gateway."""
