"""The composition root: each role opens what it needs, runs, and closes in reverse order."""
