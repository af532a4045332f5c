"""Values that are kept for a while beside the stores that they come from."""
