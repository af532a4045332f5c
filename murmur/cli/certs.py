"""`murmur certs`"""

from pathlib import Path
from typing import Annotated

import typer

from murmur.cli.terminal import PLAIN, err, out
from murmur.cluster.credentials import certificates, signing_keys
from murmur.errors import StartupError

_ROLES = ("gateway", "users", "tweets", "timelines", "worker", "haproxy")
app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def certs() -> None:
    """Certificates and signing keys for roles in processes of their own."""


@app.command()
def create(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Whose certificates: NAME, or NAME=HOST,HOST where it is reached by other names.", show_default=" ".join(_ROLES)
        ),
    ] = None,
    folder: Annotated[Path, typer.Option("--dir", help="Where the files go.")] = Path("certs"),
) -> None:
    """Make a certificate authority, a certificate for each name, and the keys that sign tokens.

    What signs is kept when it is there; certificates are made anew.
    """
    hosts: dict[str, list[str]] = {}
    for text in names or _ROLES:
        name, _, others = text.partition("=")
        if not name.replace("-", "").isalnum():
            raise StartupError(f"{text!r}: write it as NAME or NAME=HOST,HOST")
        hosts[name] = [host for host in others.split(",") if host]
    for name, files in certificates(folder, hosts).items():
        out.print(f"{files.certificate} {files.key}  for {', '.join((name, *hosts[name]))} and this machine", **PLAIN)
    keys = signing_keys(folder)
    out.print(f"{folder / 'ca.crt'}  the authority: MURMUR_TLS_CA_FILE of every role", **PLAIN)
    out.print(f"{keys.access}  MURMUR_ACCESS_KEY_FILE of the users subgraph", **PLAIN)
    out.print(f"{keys.identity}  MURMUR_IDENTITY_KEY_FILE of every gateway", **PLAIN)
    out.print(f"{keys.identity_public}  MURMUR_IDENTITY_PUBLIC_FILE of every subgraph", **PLAIN)
    err.print(f"Keep {folder / 'ca.key'} away from the machines that run roles: it signs for all of them.", **PLAIN)
