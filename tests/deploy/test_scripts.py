"""The scripts that operators and developers run first."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ["deploy/container-root", "deploy/install-config", "deploy/install-deps", "deploy/make-deb", "deploy/quickstart",
           "tests/run", "tests/purity.sh", ".ci/run"]
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PINNED = "Suites: forky\nComponents: main\nCheck-Valid-Until: no\n"

pytestmark = pytest.mark.deploy


def run(*command, env=None):
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **(env or {})}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.mark.parametrize("script", SCRIPTS)
def test_shell_is_sound(script):
    assert os.access(ROOT / script, os.X_OK)
    result = run("sh", "-n", script)
    assert result.returncode == 0, result.stdout
    if shutil.which("shellcheck"):
        result = run("shellcheck", script)
        assert result.returncode == 0, result.stdout


def codename():
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2]
    return ""


SOURCES = {
    "one line": ("sources.list", "deb http://mirror.example/debian NAME main\n",
                 f"Types: deb\nURIs: http://mirror.example/debian\n{PINNED}"),
    "options and other entries": (
        "sources.list.d/a.list",
        "# deb http://old.example/debian NAME main\n"
        "deb cdrom:[Debian]/ NAME main\n"
        "deb-src http://mirror.example/debian NAME main\n"
        "deb http://mirror.example/security NAME-security main\n"
        f"deb [ arch=amd64,arm64 signed-by={KEYRING} ] https://mirror.example/debian NAME contrib main # ours\n",
        f"Types: deb\nURIs: https://mirror.example/debian\n{PINNED}"
        f"Architectures: amd64 arm64\nsigned-by: {KEYRING}\n"),
    "deb822": (
        "sources.list.d/debian.sources",
        "Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: NAME\nComponents: main\n\n"
        "Types: deb\n# a remark\nURIs: http://mirror.example/debian\nSuites: NAME NAME-updates\n"
        f"Components: main\nSigned-By: {KEYRING}\n\n"
        "Types: deb\nURIs: http://other.example/debian\nSuites: NAME\nComponents: main\n",
        f"Types: deb\nURIs: http://mirror.example/debian\n{PINNED}Signed-By: {KEYRING}\n"),
    "deb822 with a key inside and folded lists": (
        "sources.list.d/debian.sources",
        "Types: deb deb-src\nuris: http://mirror.example/debian\nSuites:\n NAME\nComponents:\n main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n",
        f"Types: deb\nURIs: http://mirror.example/debian\n{PINNED}"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n"),
}


@pytest.mark.skipif(not codename(), reason="this system names no release")
@pytest.mark.parametrize("case", SOURCES)
def test_lexbors_source_is_the_machines_own(tmp_path, case):
    name, given, wanted = SOURCES[case]
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(given.replace("NAME", codename()))
    result = run("deploy/install-deps", "source", str(tmp_path))
    assert result.stdout == wanted
    assert result.returncode == 0


def test_no_mirror_no_entry(tmp_path):
    (tmp_path / "sources.list").write_text("deb http://mirror.example/debian elsewhere main\n")
    result = run("deploy/install-deps", "source", str(tmp_path))
    assert (result.returncode, result.stdout) == (1, "")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def quickstart():
    """Runs deploy/quickstart on a port of its own; what still runs at the end is stopped."""
    port = free_port()
    pid_file = ROOT / f"build/precis-{port}.pid"

    def start(**env):
        result = run("deploy/quickstart", env={"PRECIS_LISTEN": f"127.0.0.1:{port}", **env})
        return result, int(pid_file.read_text()) if pid_file.exists() else None

    start.port = port
    yield start
    if pid_file.exists():
        os.kill(int(pid_file.read_text()), signal.SIGTERM)
        pid_file.unlink()
    (ROOT / f"build/precis-{port}.log").unlink(missing_ok=True)


def alive(pid):
    """A process that has ended may stay listed until its parent asks; its command line is gone."""
    command = Path(f"/proc/{pid}/cmdline")
    return command.exists() and command.read_bytes() != b""


def test_quickstart_shows_a_summary_and_runs_again(quickstart):
    first, pid = quickstart()
    assert first.returncode == 0, first.stdout
    assert first.stdout.count("  * ") == 3
    assert f"kill {pid}" in first.stdout
    again, same = quickstart()
    assert again.returncode == 0, again.stdout
    assert same == pid
    assert "running already" in again.stdout
    os.utime(ROOT / "build/server/precis")  # as a build that made a newer program
    replaced, other = quickstart()
    assert replaced.returncode == 0, replaced.stdout
    assert other != pid
    assert not alive(pid)


def test_quickstart_says_that_the_port_is_taken(quickstart):
    with socket.socket() as other:
        other.bind(("127.0.0.1", quickstart.port))
        other.listen()
        result, pid = quickstart()
    assert result.returncode == 1
    assert pid is None
    assert "is taken by another program" in result.stdout


def test_quickstart_says_what_is_wrong_with_an_address(quickstart):
    """A port alone was "taken by another program"."""
    result, pid = quickstart(PRECIS_LISTEN=str(quickstart.port))
    assert (result.returncode, pid) == (1, None)
    assert f"'{quickstart.port}' is not allowed; it takes IP:PORT" in result.stdout and "taken" not in result.stdout


def test_quickstart_does_not_wait_for_probes_that_are_elsewhere(quickstart):
    result, pid = quickstart(PRECIS_ADMIN_LISTEN=f"127.0.0.1:{free_port()}")
    assert result.returncode == 0 and alive(pid), result.stdout
