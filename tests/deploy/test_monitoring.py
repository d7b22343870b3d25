"""The dashboard and the alert rules ask for figures that the service has."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/http"))
import service as running  # noqa: E402

pytestmark = pytest.mark.deploy

SERIES = re.compile(r"\b(?:precis|process)_\w+")
LABELS = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')


@pytest.fixture(scope="module")
def exposed(tmp_path_factory):
    """/metrics of a service that has answered and refused something."""
    service = running.Service(tmp_path_factory.mktemp("service"), "--cache-url", "redis://127.0.0.1:1")
    service.summarize(text="One sentence. And another one.")
    service.summarize(nonsense=1)
    text = service.request("GET", "/metrics").body.decode()
    service.stop()
    return text


def panels():
    dashboard = json.loads((ROOT / "deploy/dashboard.json").read_text(encoding="utf-8"))
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def rules():
    document = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def expressions():
    return [target["expr"] for panel in panels() for target in panel["targets"]] + [rule["expr"] for rule in rules()]


def known_series(exposed):
    known = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", exposed, re.M):
        known |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return known


def test_every_series_exists(exposed):
    known = known_series(exposed)
    for expression in expressions():
        names = set(SERIES.findall(expression))
        assert names <= known, f"{expression}: {names - known}"


def test_every_label_exists(exposed):
    known = {"job", "instance"} | set(re.findall(r'[{,](\w+)="', exposed))
    for expression in expressions():
        assert set(LABELS.findall(expression)) <= known, expression


def test_what_to_do_about_each_alert_is_said():
    manual = (ROOT / "deploy/README.md").read_text(encoding="utf-8").partition("## Alerts")[2].partition("\n## ")[0]
    assert {rule["alert"] for rule in rules()} == set(re.findall(r"Precis[A-Z]\w+", manual))


def test_the_check_can_fail(exposed):
    assert "precis_no_such_total" not in known_series(exposed)
    assert "precis_stage_seconds_bucket" in known_series(exposed)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_every_expression(tmp_path):
    rule_file = tmp_path / "rules.yaml"
    plain = [expression.replace("$__rate_interval", "5m").replace("$job", "precis") for expression in expressions()]
    recorded = [{"record": f"checked:{i}", "expr": expression} for i, expression in enumerate(plain)]
    rule_file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": recorded}]}))
    for path in (rule_file, ROOT / "deploy/alerts.yaml"):
        result = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_one_failure_raises_an_alert(tmp_path):
    alert = {"exp_labels": {"instance": "a", "severity": "ticket"}, "exp_annotations": {"summary": "a answers 500"}}
    series = 'precis_requests_total{instance="a",route="/v1/summaries",status="500",code="internal"}'
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({
        "rule_files": [str(ROOT / "deploy/alerts.yaml")], "evaluation_interval": "15s",
        "tests": [{"interval": "15s", "input_series": [{"series": series, "values": "0x20 1x100"}],
                   "alert_rule_test": [{"eval_time": "4m", "alertname": "PrecisFails", "exp_alerts": []},
                                       {"eval_time": "7m", "alertname": "PrecisFails", "exp_alerts": [alert]}]}]}))
    result = subprocess.run(["promtool", "test", "rules", tmp_path / "test.yaml"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_panel_says_its_unit():
    for panel in panels():
        assert panel["title"] and panel["targets"]
        assert "unit" in panel["fieldConfig"]["defaults"], panel["title"]
