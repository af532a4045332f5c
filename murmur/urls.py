"""URLs of engines, as they may be shown."""

import re

_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):[^@\s]*@")


def without_password(text: str) -> str:
    """`text` with the passwords of the URLs in it masked."""
    return _PASSWORD.sub(r"\1:********@", text)
