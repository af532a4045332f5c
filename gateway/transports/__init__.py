"""How the engine reaches subgraphs: adapters of `gateway.federation.executor.transport.Transport`."""
