"""What `meson install` and the Debian package put on a machine: complete, and it runs."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("PRECIS_PROGRAM", ROOT / "build/server/precis")).resolve()

pytestmark = pytest.mark.deploy


def run(*command, **more):
    result = subprocess.run([str(part) for part in command], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module", params=["/usr", "/opt/precis"])
def prefix(request):
    return request.param


@pytest.fixture(scope="module")
def build(prefix, tmp_path_factory):
    """A build set up for the prefix, with the program that is tested in it: nothing in it knows the prefix."""
    folder = tmp_path_factory.mktemp("build")
    run("meson", "setup", f"--prefix={prefix}", "--buildtype=release", folder)
    shutil.copy(PROGRAM, folder / "server/precis")
    return folder


@pytest.fixture(scope="module")
def staged(build, tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    run("meson", "install", "-C", build, "--no-rebuild", "--destdir", root)
    return root


def below(root, prefix, path):
    return root / prefix.lstrip("/") / path


def config_of(prefix):
    return "/etc/precis/precis.conf" if prefix == "/usr" else f"{prefix}/etc/precis/precis.conf"


def test_everything_is_there(staged, prefix):
    installed = {str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file()}
    inside = {name.removeprefix(prefix.lstrip("/") + "/") for name in installed} - {config_of(prefix)[1:]}
    assert config_of(prefix)[1:] in installed
    assert {"bin/precis", "share/man/man1/precis.1", "lib/systemd/system/precis.service",
            "lib/systemd/system/precis.socket", "share/doc/precis/LICENSE"} <= inside
    folders = {name.split("/")[0] for name in inside - {config_of(prefix).removeprefix(prefix + "/")}}
    assert folders == {"bin", "lib", "share"}


def test_the_unit_starts_what_was_installed(staged, prefix):
    unit = below(staged, prefix, "lib/systemd/system/precis.service").read_text()
    assert "@" not in unit.replace("@system-service", "").replace("@privileged", "").replace("@resources", "")
    start = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    assert start == f"ExecStart={prefix}/bin/precis --config {config_of(prefix)}"
    if shutil.which("systemd-analyze"):
        # It looks for the program as well, which stands elsewhere here.
        folder = staged.parent / f"units{prefix.replace('/', '-')}"
        folder.mkdir()
        (folder / "precis.service").write_text(unit.replace(f"={prefix}/bin/", f"={staged}{prefix}/bin/"))
        shutil.copy(below(staged, prefix, "lib/systemd/system/precis.socket"), folder)
        out = run("systemd-analyze", "verify", "--man=no", folder / "precis.service", folder / "precis.socket")
        assert str(folder) not in out, out


def system_calls(names):
    """Those that a line SystemCallFilter= stands for."""
    calls = set()
    for name in names:
        if name.startswith("@"):
            lines = [line.strip() for line in run("systemd-analyze", "syscall-filter", name).splitlines()]
            calls |= system_calls(line for line in lines[1:] if line and not line.startswith("#"))
        else:
            calls.add(name)
    return calls


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")
def test_the_unit_allows_what_the_service_needs(staged, prefix):
    """Namely what the service's own filter, made when it has started, leaves to it."""
    unit = below(staged, prefix, "lib/systemd/system/precis.service").read_text()
    allowed = system_calls(["@default"])
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.M):
        calls = system_calls(line.removeprefix("~").split())
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    source = (ROOT / "server/sandbox_syscalls.c").read_text()
    own = source[source.index("static const char allowed[]"):]
    needed = set(" ".join(re.findall(r'^\t"([a-z0-9_ ]+)"', own, re.M)).split()) | set(re.findall(r'^\t\{"(\w+)"', own, re.M))
    assert {"brk", "futex", "getrandom", "mmap", "prctl"} <= needed
    assert needed <= allowed, needed - allowed


def test_documents_that_are_named_are_there(staged, prefix):
    unit = below(staged, prefix, "lib/systemd/system/precis.service").read_text()
    named = re.findall(r"(?:file:)?(/\S*/doc/\S*?\.md)", unit)
    assert len(named) == 2 and all((staged / path[1:]).is_file() for path in named)
    doc = below(staged, prefix, "share/doc/precis")
    assert '"Open to whom?" in' in unit and "\n## Open to whom?\n" in (doc / "README.md").read_text()
    for file in doc.iterdir():
        assert "deploy/README.md" not in file.read_text(), file


def test_a_wrong_option_is_not_tried_again_and_again(staged, prefix, tmp_path):
    unit = below(staged, prefix, "lib/systemd/system/precis.service").read_text()
    status, = re.findall(r"^RestartPreventExitStatus=(\d+)$", unit, re.M)
    wrong = tmp_path / "precis.conf"
    wrong.write_text("queue = many\n")
    refused = subprocess.run([below(staged, prefix, "bin/precis"), "--config", wrong], capture_output=True, text=True)
    assert refused.returncode == int(status) and "many" in refused.stderr


def test_an_operators_file_is_kept(build, staged, prefix):
    file = staged / config_of(prefix)[1:]
    sample = file.read_text()
    try:
        file.write_text("queue = 7\n")
        run("meson", "install", "-C", build, "--no-rebuild", "--destdir", staged)
        assert file.read_text() == "queue = 7\n"
    finally:
        file.write_text(sample)


def test_every_option_of_the_sample_is_taken(staged, prefix, tmp_path):
    program = below(staged, prefix, "bin/precis")
    sample = (staged / config_of(prefix)[1:]).read_text()
    assert "(default)" in run(program, "--config", staged / config_of(prefix)[1:], "--check-config")
    lines = [line.removeprefix("#") for line in sample.splitlines() if " = " in line and line[1:2] not in (" ", "")]
    assert len(lines) > 8
    keys = tmp_path / "keys"
    keys.write_text("a:0123456789abcdef\n")
    filled = tmp_path / "precis.conf"
    filled.write_text("\n".join(lines).replace("/etc/precis/keys", str(keys)) + "\n")
    shown = run(program, "--config", filled, "--check-config")
    for line in lines:
        assert line.replace("/etc/precis/keys", str(keys)) in shown


def test_what_was_installed_runs(staged, prefix):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = subprocess.Popen([below(staged, prefix, "bin/precis"), "--config", staged / config_of(prefix)[1:],
                                "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    try:
        health = [below(staged, prefix, "bin/precis"), "health", f"http://127.0.0.1:{port}/livez"]
        while subprocess.run(health, stderr=subprocess.DEVNULL).returncode != 0:
            assert service.poll() is None
            time.sleep(0.05)
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/summaries", b'{"text": "One. Two."}',
                                         {"Content-Type": "application/json"})
        assert b'"summary"' in urllib.request.urlopen(request).read()
    finally:
        service.terminate()
        assert service.wait() == 0


def test_the_man_page_names_every_option_and_is_sound():
    page = ROOT / "deploy/precis.1"
    run(sys.executable, "tests/options-table", PROGRAM, page)
    if shutil.which("mandoc"):
        warned = run("mandoc", "-T", "lint", "-W", "warning", page)
        assert warned == ""
    if shutil.which("man") and shutil.which("groff"):
        result = subprocess.run(["man", "--warnings", "-l", page], env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
                                capture_output=True, text=True)
        assert result.returncode == 0 and result.stderr == ""
        assert "--max-body value" in result.stdout


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="this system has no dpkg-deb")
def test_a_debian_package_holds_it(build, staged, prefix, tmp_path):
    made = subprocess.run(["deploy/make-deb", build, tmp_path], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if prefix != "/usr":
        assert made.returncode != 0 and "--prefix=/usr" in made.stdout
        return
    assert made.returncode == 0, made.stdout
    package, = tmp_path.glob("precis_*.deb")
    for script in ("postinst", "prerm", "postrm"):
        run("dpkg-deb", "--control", package, tmp_path / "control")
        run("sh", "-n", tmp_path / "control" / script)
    assert "/etc/precis/precis.conf" in (tmp_path / "control/conffiles").read_text()
    depends = run("dpkg-deb", "--field", package, "Depends")
    for library in ("libmicrohttpd", "libjansson", "libcurl", "liblexbor", "libutf8proc", "zlib1g", "libc6"):
        assert library in depends
    root = tmp_path / "root"
    run("dpkg-deb", "--extract", package, root)
    assert {path.relative_to(root) for path in root.rglob("*")} == {path.relative_to(staged) for path in staged.rglob("*")}
    assert run(root / "usr/bin/precis", "--version").startswith("precis ")
