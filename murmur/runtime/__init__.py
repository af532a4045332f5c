"""What every subgraph is built with: scalars, connections, payloads, the request's context, execution and the ASGI app."""
