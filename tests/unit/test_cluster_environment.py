"""The file by which a shell's commands find the stores of a cluster."""

import stat
import subprocess
from pathlib import Path

from murmur.roles.cluster.engines import write_environment


def test_what_a_shell_starts_is_told_the_settings_and_nobody_else_can_read_them(tmp_path: Path) -> None:
    file = tmp_path / "env"
    settings = {"MURMUR_DATA_DIR": "/a folder/it's $HOME", "MURMUR_USERS_URL_FILE": "/secrets/users_url"}
    for told in ({"MURMUR_GONE": "1", **settings}, settings):
        write_environment(file, told)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    command = ["/bin/sh", "-c", '. "$0" && env', str(file)]
    shell = subprocess.run(command, env={}, check=True, capture_output=True, text=True)  # noqa: S603 (our own)
    shown = dict(line.split("=", 1) for line in shell.stdout.splitlines())
    assert {name: value for name, value in shown.items() if name.startswith("MURMUR_")} == settings
