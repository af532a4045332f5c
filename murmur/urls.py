"""URLs of engines: how they begin, and how they may be shown."""

import re

MONGODB_SCHEMES = ("mongodb", "mongodb+srv")

_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):[^@\s]*@")


def without_password(text: str) -> str:
    """`text` with the passwords of the URLs in it masked."""
    return _PASSWORD.sub(r"\1:********@", text)
