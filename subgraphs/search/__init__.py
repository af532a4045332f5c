"""Finding tweets and people by the words and the operators of a query."""
