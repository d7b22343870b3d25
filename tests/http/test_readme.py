"""Runs the README's examples exactly as they are shown."""

import json
import re
import shutil
import subprocess
import sys

import pytest

import service as running

README = (running.ROOT / "README.md").read_text()
SHELL = re.findall(r"^```sh\n(.*?)^```$", README, re.M | re.S)
CURL = [block for block in SHELL if "curl" in block]


def run(block, service):
    """Run the block in a shell, against this service; any HTTP error fails."""
    script = block.replace("127.0.0.1:8080", f"127.0.0.1:{service.port}").replace("curl -s", "curl --fail-with-body -s")
    return subprocess.run(["sh", "-ec", script], cwd=running.ROOT, capture_output=True, text=True)


def test_the_two_commands_exist():
    for command in SHELL[:2]:
        assert (running.ROOT / command.strip()).stat().st_mode & 0o111


@pytest.mark.parametrize("block", CURL)
def test_examples_work(service, block):
    if "jq" in block and shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    if "https://example.org/" in block:
        # The one page that is not local: without a network it is refused or unreachable, both in
        # JSON.
        script = block.replace("127.0.0.1:8080", f"127.0.0.1:{service.port}")
        answer = subprocess.run(["sh", "-ec", script], capture_output=True, text=True)
        assert json.loads(answer.stdout).get("code", "url_ok").startswith(("url_", "no_article"))
        return
    answer = run(block, service)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout


def test_the_first_example_answers_what_the_readme_says(service):
    answer = json.loads(run(CURL[0], service).stdout)
    shown = json.loads(re.search(r"^```json\n(.*?)^```$", README, re.M | re.S)[1])
    shown["source"]["sha256"] = answer["source"]["sha256"]
    assert answer == shown


def test_the_limits_in_bytes_are_those_of_the_program(service):
    limits = {"url": re.search(r"`url` \(up to ([\d,]+) bytes\)", README)[1]}
    limits.update(re.findall(r"^\| `(\w+)` \| none \| .*up to ([\d,]+) bytes \|$", README, re.M))
    assert set(limits) == {"url", "base_url", "title", "query", "id"}
    inputs = {"url": {}, "base_url": {"html": "<p>One. Two."}}
    for name, limit in limits.items():
        limit = int(limit.replace(",", ""))
        start = "http://127.0.0.1:1/" if name.endswith("url") else ""
        most = start + "é" * ((limit - len(start)) // 2) + "x" * ((limit - len(start)) % 2)
        given = inputs.get(name, {"text": "One. Two."})
        assert service.summarize(**given, **{name: most}).json().get("code") not in ("out_of_range", "invalid_value"), name
        refused = service.summarize(**given, **{name: most + "x"}).json()
        assert (refused["pointer"], refused["limit"], refused["actual"]) == (f"/{name}", limit, limit + 1)


def test_the_samples_are_what_the_service_answers(service):
    checked = subprocess.run([sys.executable, running.ROOT / "tests/quality/samples", "--service",
                              f"http://127.0.0.1:{service.port}"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_error_codes_are_those_of_the_program():
    documented = set(re.findall(r"`([a-z_0-9]+)`", re.search(r"\| status \| codes \|\n(.*?)\n\n", README, re.S)[1]))
    source = (running.ROOT / "server/problem.c").read_text()
    codes = set(re.findall(r'\{\d{3},\s*"([a-z_0-9]+)"', source)) - {"none"}
    assert documented == codes


def test_the_table_of_options_is_the_programs():
    subprocess.run([sys.executable, running.ROOT / "tests/options-table", running.PROGRAM,
                    running.ROOT / "README.md"], check=True)
