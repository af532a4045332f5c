"""People, follows and tweets as files: what `murmur import` reads and `murmur export` writes (docs/archive.md)."""
