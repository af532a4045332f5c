"""Who is there, how they sign in, and who follows, blocks and mutes whom."""
