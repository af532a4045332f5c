"""The subgraphs, one package each; they know nothing of each other."""
