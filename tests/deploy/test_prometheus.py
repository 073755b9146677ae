"""Prometheus: its settings, its alerts and the dashboard that reads it, against the services' own catalogue of metrics.

Invariant: a metric that nobody declares is named nowhere; a real Prometheus scrapes the real services.
"""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.embedded.processes import LOOPBACK
from deploy.grafana import build
from services.chassis.telemetry import Telemetry
from tests.deploy.compose import REPOSITORY, SERVICES
from tests.deploy.history import TO_RECRUITMENT, TO_RETENTION
from tests.deploy.production import Production
from tests.parts import Process, free_port

FOLDER = REPOSITORY / "deploy" / "prometheus"
ALERTS = FOLDER / "alerts.yml"
RUNBOOK = REPOSITORY / "docs" / "runbook.md"
ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
SCRAPED_SECONDS = 30.0


def series_of_the_catalogue() -> set[str]:
    """The name of every series that a service can have."""
    return {family.name + ending for family in Telemetry().registry.collect() for ending in ENDINGS[family.type]}


def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    (group,) = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def dashboard_queries() -> list[str]:
    """The queries of the dashboard of operation."""
    dashboard = json.loads((build.FOLDER / "operation.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_every_metric_named_anywhere_is_one_the_services_have() -> None:
    texts = [*dashboard_queries(), *(rule["expr"] for rule in rules())]
    named = {name for text in texts for name in re.findall(r"\bworkforce_\w+", text)}
    assert len(named) > 12
    assert named - series_of_the_catalogue() == set()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_is_explained_in_the_runbook(rule: dict[str, Any]) -> None:
    headings = re.findall(r"^### (\w+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert rule["alert"] in headings
    assert rule["labels"]["severity"] in ("critical", "warning")


def test_what_is_scraped_is_what_compose_starts() -> None:
    (job,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    targets = {entry["labels"]["service"]: entry["targets"] for entry in job["static_configs"]}
    assert targets == {
        "recruitment": ["recruitment:8101"],
        "retention": ["retention:8102"],
        "metrics": ["metrics:8100"],
    }


def test_promtool_finds_the_settings_and_the_rules_right(program: Callable[[str], str]) -> None:
    done = subprocess.run(
        [program("promtool"), "check", "config", str(FOLDER / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules())} rules found" in done.stdout


def test_the_alerts_are_told_when_they_should_be(program: Callable[[str], str], tmp_path: Path) -> None:
    cases = Path(__file__).with_name("alerts_test.yml")
    tested = set(re.findall(r"alertname: (\w+)", cases.read_text(encoding="utf-8")))
    assert tested == {rule["alert"] for rule in rules()}
    for path in (ALERTS, cases):
        shutil.copy(path, tmp_path)
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(tmp_path / cases.name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def prometheus(production: Production, program: Callable[[str], str]) -> Iterator[str]:
    """A real Prometheus with our settings, its targets where the services are here, looking every second."""
    settings = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    for name in SERVICES:
        settings = re.sub(rf"{name}:81\d\d", f"{LOOPBACK}:{production.ports[name]}", settings)
    settings = settings.replace("scrape_interval: 15s", "scrape_interval: 1s")
    folder = production.folder / "prometheus"
    folder.mkdir()
    shutil.copy(ALERTS, folder)
    (folder / "prometheus.yml").write_text(settings, encoding="utf-8")
    address = f"{LOOPBACK}:{free_port()}"
    command = [program("prometheus"), f"--config.file={folder / 'prometheus.yml'}"]
    options = [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}"]
    process = Process("Prometheus", [*command, *options], production.folder / "prometheus.log")
    process.start()
    url = f"http://{address}"
    try:
        process.wait_until(lambda: _answers(url), "answers", SCRAPED_SECONDS)
        yield url
    finally:
        process.stop()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def ask(prometheus: str, query: str) -> dict[str, float]:
    """What a query finds now, by the service of each series."""
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}, trust_env=False).json()
    assert answer["status"] == "success", answer
    return {found["metric"].get("service", ""): float(found["value"][1]) for found in answer["data"]["result"]}


def wait_for(prometheus: str, query: str, expected: dict[str, float]) -> None:
    """Wait until a query finds this."""
    deadline = time.monotonic() + SCRAPED_SECONDS
    while (found := ask(prometheus, query)) != expected and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found == expected


def test_prometheus_scrapes_the_services(prometheus: str) -> None:
    wait_for(prometheus, 'up{job="workforce"}', {"recruitment": 1, "retention": 1, "metrics": 1})
    accepted = {"recruitment": len(TO_RECRUITMENT), "retention": len(TO_RETENTION)}
    wait_for(prometheus, "workforce_journal_position > 0", {**accepted})
    wait_for(prometheus, "workforce_journal_unpublished", dict.fromkeys(SERVICES, 0.0))
    wait_for(prometheus, "sum by (service) (workforce_consumed_total) > 9", {"metrics": sum(accepted.values())})
    wait_for(prometheus, "sum by (service) (workforce_consumer_lag_records)", dict.fromkeys(SERVICES, 0.0))
    wait_for(prometheus, "workforce_origin_to_figure_seconds_count > 0", {"metrics": sum(accepted.values())})


def test_every_query_of_the_dashboard_is_one_prometheus_understands(prometheus: str) -> None:
    for query in dashboard_queries():
        found = ask(prometheus, query.replace("$__rate_interval", "1m"))
        assert found is not None, query
    wait_for(prometheus, 'count(ALERTS{alertstate="firing"}) or vector(0)', {"": 0.0})


def test_prometheus_evaluates_every_alert_without_an_error(prometheus: str) -> None:
    (group,) = httpx.get(f"{prometheus}/api/v1/rules", trust_env=False).json()["data"]["groups"]
    assert {rule["name"] for rule in group["rules"]} == {rule["alert"] for rule in rules()}
    assert {rule["lastError"] for rule in group["rules"] if "lastError" in rule} <= {""}
