"""MongoDB with the accounts that it has in containers, made by their own script."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from murmur.cluster.mongodb import REPLICA_SET, MongoDB
from tests.support.compose_files import COMPOSE

_SHELL = Path(__file__).with_name("mongodb_shell.js")


class WithoutAccounts(MongoDB):
    """A replica set that nobody has an account of, as containers begin."""

    def _add_user(self) -> None:
        pass


def make_accounts(server: MongoDB, secrets: Path) -> None:
    """Skips where there is no node to run the script."""
    if (node := shutil.which("node")) is None:
        pytest.skip("node is not here")
    address = f"mongodb://127.0.0.1:{server.members[0].port}/?directConnection=true&timeoutMS=10000"
    client: MongoClient[dict[str, Any]] = MongoClient(address)
    command = [node, _SHELL, secrets, COMPOSE / "mongodb-accounts.js"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as shell:  # noqa: S603 (our own)
        assert shell.stdin
        assert shell.stdout
        assert shell.stderr
        for line in shell.stdout:
            question = json.loads(line)
            if "user" in question:
                client.close()
                client = MongoClient(address, username=question["user"], password=question["password"])
                answer: dict[str, Any] = {}
            else:
                try:
                    answer = client[question["name"]].command(question["command"])
                except OperationFailure as error:
                    answer = dict(error.details or {})
            shell.stdin.write(json_util.dumps(answer) + "\n")
            shell.stdin.flush()
        told = shell.stderr.read()
    client.close()
    assert shell.returncode == 0, told


def url_of(server: MongoDB, secret: Path) -> str:
    """The address of a secret, with this server in the place of `mongos`."""
    hosts = f"127.0.0.1:{server.members[0].port}"
    return secret.read_text().replace("mongos:27017", hosts) + f"&replicaSet={REPLICA_SET}"
