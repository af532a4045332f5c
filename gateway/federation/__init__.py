"""A Federation 2 engine: pure functions and data, on graphql-core and the standard library alone.

    composition   subgraph SDLs                 -> supergraph SDL, or the rules broken
    supergraph    supergraph SDL                -> what each subgraph knows, and the API schema
    planner       document and API schema       -> operation -> paths -> fetch graph -> batches -> query plan
    executor      query plan and variables      -> fetches through transports -> one tree -> response

`engine.Engine` is the front of the last three.
"""
