"""Asks a role whether it is ready: `python -m murmur.probe https://localhost:4001/health/ready`, for the checks of containers.

It shows the role's own certificate, for a role answers nobody without one. It imports nothing but the standard library, since
it runs every few seconds.
"""

import http.client
import json
import os
import ssl
import sys
from urllib.parse import urlsplit

_SECONDS = 3.0


def failure(url: str, tls: ssl.SSLContext | None) -> str | None:
    """Why the role that answers at `url` is not ready; None when it is."""
    parts = urlsplit(url)
    host = str(parts.hostname)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, parts.port, timeout=_SECONDS, context=tls)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=_SECONDS)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        body = response.read()
        return None if response.status == 200 else "; ".join(json.loads(body)["reasons"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return "it does not answer"
    finally:
        connection.close()


def client_context(authority: str, certificate: str, key: str) -> ssl.SSLContext:
    """Raises OSError for files that can't be read."""
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate, key)
    return context


def main() -> None:
    files = [os.environ.get(f"MURMUR_TLS_{name}_FILE", "") for name in ("CA", "CERT", "KEY")]
    reason = failure(sys.argv[1], client_context(*files) if all(files) else None)
    if reason is not None:
        sys.exit(reason)


if __name__ == "__main__":
    main()
