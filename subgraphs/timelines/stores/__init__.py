"""Where timelines are held: an adapter a file."""
