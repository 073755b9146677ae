"""Prometheus: its settings, its alerts and the dashboard that reads it, against the services' own catalogue of metrics.

Invariant: a metric that nobody declares is named nowhere; a real Prometheus scrapes the real services.
"""

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
from services.metrics.telemetry import MetricsTelemetry
from services.people.telemetry import PeopleTelemetry
from tests.deploy.compose import ON_KAFKA, REPOSITORY, SERVICES
from tests.deploy.production import Production
from tests.deploy.two_authorities import TO_RECRUITMENT, TO_RETENTION
from tests.grafana import OPERATION, lists_of, promql_of
from tests.parts import Process, free_port

FOLDER = REPOSITORY / "deploy" / "prometheus"
ALERTS = FOLDER / "alerts.yml"
CASES = Path(__file__).with_name("alerts_test.yml")
RUNBOOK = REPOSITORY / "docs" / "runbook.md"
ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
SCRAPED_SECONDS = 120.0
OF_METRICS_ALONE = {
    "workforce_timelines_queued",
    "workforce_timelines_underivable",
    "workforce_origin_to_figure_seconds_bucket",
    "workforce_feed_last_accepted_timestamp_seconds",
    "workforce_feed_recorded_until_timestamp_seconds",
    "workforce_feeds_left_out",
}
"""Those of the series named anywhere that only metrics tells: the others derive nothing."""
OF_PEOPLE_ALONE = {"workforce_door_waiting_seconds"}
"""And those that only people tells: the others send nothing on."""


def series_of_the_catalogue() -> set[str]:
    """The name of every series that a service can have."""
    families = [*MetricsTelemetry().registry.collect(), *PeopleTelemetry().registry.collect()]
    return {family.name + ending for family in families for ending in ENDINGS[family.type]}


def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    (group,) = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    of_group: list[dict[str, Any]] = group["rules"]
    return of_group


def cases() -> dict[str, Any]:
    """What the rules are to say of metrics written down by hand. They name the rules' file as one beside them."""
    document: dict[str, Any] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return document


def board_queries() -> list[tuple[str, str]]:
    """The queries of the boards of operation, of all services and authorities, each with its legend."""
    return [query for board in OPERATION.values() for query in promql_of(board)]


def test_every_metric_named_anywhere_is_one_the_services_have() -> None:
    texts = [*(query for query, _ in board_queries()), *(rule["expr"] for rule in rules())]
    named = {name for text in texts for name in re.findall(r"\bworkforce_\w+", text)}
    assert len(named) > 12
    assert named - series_of_the_catalogue() == set()


def labels_of_the_catalogue() -> dict[str, set[str]]:
    """The labels of every metric that a service can have, by its name without an ending."""
    declared = (*vars(MetricsTelemetry()).values(), *vars(PeopleTelemetry()).values())
    metrics = [metric for metric in declared if hasattr(metric, "describe")]
    return {metric.describe()[0].name: set(metric._labelnames) for metric in metrics}


def labels_known_to(query: str) -> set[str]:
    """The labels that what a query finds can have: those of its metrics, and those that Prometheus gives to all."""
    declared = labels_of_the_catalogue()
    named = [re.sub(r"_(total|bucket|count|sum)$", "", name) for name in re.findall(r"\bworkforce_\w+", query)]
    of_disks = {"mountpoint"} if "node_filesystem_" in query else set[str]()
    return {"service", "job", "instance", "le", *of_disks}.union(*(declared[name] for name in named))


def labels_used_in(text: str) -> set[str]:
    """The labels that a query sums by, or that a sentence or a legend shows."""
    summed = [name for listed in re.findall(r"\bby \(([^)]*)\)", text) for name in listed.split(", ")]
    return {*summed, *re.findall(r"\$labels\.(\w+)", text), *re.findall(r"\{\{(\w+)\}\}", text)}


def test_every_label_that_a_rule_or_a_panel_uses_is_one_of_its_metrics() -> None:
    texts = [(rule["expr"], rule["annotations"]["summary"]) for rule in rules()] + board_queries()
    used = set[str]().union(*(labels_used_in(query + shown) for query, shown in texts))
    assert used == {
        "service",
        "topic",
        "owner",
        "cause",
        "limit",
        "type",
        "reason",
        "le",
        "authority",
        "source",
        "door",
        "mountpoint",
    }
    for query, shown in texts:
        assert labels_used_in(query + shown) <= labels_known_to(query), query


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_is_explained_in_the_runbook(rule: dict[str, Any]) -> None:
    headings = re.findall(r"^### (\w+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert rule["alert"] in headings
    assert rule["labels"]["severity"] in ("critical", "warning")


def test_what_is_scraped_is_what_compose_starts() -> None:
    settings = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    # As the dashboard says, and as its data source is told.
    assert settings["global"] == {"scrape_interval": "15s", "evaluation_interval": "15s"}
    job, disks = settings["scrape_configs"]
    targets = {entry["labels"]["service"]: entry["targets"] for entry in job["static_configs"]}
    # The alert ServiceDown and the dashboard ask for this job.
    assert job["job_name"] == "workforce"
    assert targets == {
        "recruitment": ["recruitment:8101"],
        "retention": ["retention:8102"],
        "metrics": ["metrics:8100"],
        "people": ["people:8103"],
    }
    # The alerts DiskFilling and DiskNotWatched ask for this one; its container tells of disks on the usual port.
    assert disks == {"job_name": "disks", "static_configs": [{"targets": ["disks:9100"]}]}


def promtool(program: Callable[[str], str], *words: str | Path) -> subprocess.CompletedProcess[str]:
    """What promtool says."""
    return subprocess.run([program("promtool"), *map(str, words)], capture_output=True, text=True, check=False)


def test_promtool_finds_the_settings_and_the_rules_right(program: Callable[[str], str]) -> None:
    done = promtool(program, "check", "config", FOLDER / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules())} rules found" in done.stdout


def cases_of(alert: str) -> dict[str, Any]:
    """The cases that ask for one alert, as promtool reads them."""
    asked = [case for case in cases()["tests"] if alert in {test["alertname"] for test in case["alert_rule_test"]}]
    return cases() | {"tests": asked}


def as_promtool_reads(folder: Path, rule: dict[str, Any], cases: dict[str, Any]) -> Path:
    """A file of cases beside the one rule that they are about."""
    folder.mkdir()
    (folder / "alerts.yml").write_text(yaml.safe_dump({"groups": [{"name": "workforce", "rules": [rule]}]}))
    (folder / "cases.yml").write_text(yaml.safe_dump(cases | {"rule_files": ["alerts.yml"]}))
    return folder / "cases.yml"


def changes_of(rule: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rule with one thing changed each time: every stretch of time twice as long and half, every threshold."""
    yield "after a while", rule | {"for": "10s" if "for" not in rule else f"{2 * seconds(rule['for'])}s"}
    if "for" in rule:
        yield "sooner", rule | {"for": f"{seconds(rule['for']) // 2}s"}
    for match in re.finditer(r"(?<=\[)\d+[mh](?=\])|(?<=offset )\d+[mh]", rule["expr"]):
        for other in (2 * seconds(match[0]), seconds(match[0]) // 2):
            yield f"{match[0]} as {other} s", rule | {"expr": put(rule["expr"], match, f"{other}s")}
    for match in re.finditer(r"(?<=[<>=] )\d+\b", rule["expr"]):
        for threshold in (int(match[0]) + 2, int(match[0]) - 1):
            yield f"threshold {threshold}", rule | {"expr": put(rule["expr"], match, str(threshold))}


def seconds(text: str) -> int:
    """A stretch of time as Prometheus writes it."""
    return int(text[:-1]) * {"m": 60, "h": 3600}[text[-1]]


def put(text: str, match: re.Match[str], other: str) -> str:
    """The text with another word in the place of what was found."""
    return text[: match.start()] + other + text[match.end() :]


def test_the_alerts_are_told_when_they_should_be(program: Callable[[str], str]) -> None:
    asked = [case for test in cases()["tests"] for case in test["alert_rule_test"]]
    every = {rule["alert"] for rule in rules()}
    assert {case["alertname"] for case in asked if case["exp_alerts"]} == every
    assert {case["alertname"] for case in asked if not case["exp_alerts"]} == every
    done = promtool(program, "test", "rules", CASES)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_cases_notice_every_number_of_every_rule(program: Callable[[str], str], tmp_path: Path) -> None:
    changed = {
        str(as_promtool_reads(tmp_path / f"{rule['alert']}-{number}", other, cases_of(rule["alert"]))): what
        for rule in rules()
        for number, (what, other) in enumerate(changes_of(rule))
    }
    said = promtool(program, "test", "rules", *map(Path, changed)).stdout
    tried = re.findall(r"^Unit Testing:  (\S+)(\n  SUCCESS)?", said, re.MULTILINE)
    assert [path for path, _ in tried] == list(changed)
    assert [f"{path}: {changed[path]}" for path, passed in tried if passed] == []


@pytest.fixture(scope="module")
def prometheus(production: Production, program: Callable[[str], str]) -> Iterator[str]:
    """A real Prometheus with our settings, its targets where the services are here, looking every second."""
    settings = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    for name in SERVICES:
        settings = re.sub(rf"{name}:81\d\d", f"{LOOPBACK}:{production.ports[name]}", settings)
    # Nobody tells of disks here.
    settings = settings.replace("scrape_interval: 15s", "scrape_interval: 1s").partition("  # The volumes")[0]
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
        return httpx.get(f"{url}/-/ready", timeout=60, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def ask(prometheus: str, query: str) -> dict[str, float]:
    """What a query finds now, by the service of each series."""
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=60, trust_env=False).json()
    assert answer["status"] == "success", (query, answer)
    return {sample["metric"].get("service", ""): float(sample["value"][1]) for sample in answer["data"]["result"]}


def wait_for(prometheus: str, query: str, expected: dict[str, float]) -> None:
    """Wait until a query finds this."""
    deadline = time.monotonic() + SCRAPED_SECONDS
    while (answer := ask(prometheus, query)) != expected and time.monotonic() < deadline:
        time.sleep(0.2)
    assert answer == expected


def test_the_running_services_tell_of_every_metric_that_is_named_anywhere(production: Production) -> None:
    texts = [*(query for query, _ in board_queries()), *(rule["expr"] for rule in rules())]
    named = {name for text in texts for name in re.findall(r"\bworkforce_\w+", text)}
    for service in SERVICES:
        told = httpx.get(f"{production.url(service)}/metrics", timeout=60, trust_env=False).text
        families = dict(re.findall(r"^# TYPE (\S+) (\w+)$", told, re.MULTILINE))
        series = {name.removesuffix(end) + end for name, kind in families.items() for end in ENDINGS[kind]}
        others = {"metrics": OF_PEOPLE_ALONE, "people": OF_METRICS_ALONE}
        assert named - series == others.get(service, OF_METRICS_ALONE | OF_PEOPLE_ALONE), service


def test_prometheus_scrapes_the_services(prometheus: str) -> None:
    wait_for(prometheus, 'up{job="workforce"}', {"recruitment": 1, "retention": 1, "metrics": 1, "people": 1})
    accepted = {"recruitment": len(TO_RECRUITMENT), "retention": len(TO_RETENTION)}
    wait_for(prometheus, "workforce_journal_position > 0", {**accepted})
    wait_for(prometheus, "workforce_journal_unpublished", dict.fromkeys(SERVICES, 0.0))
    wait_for(prometheus, "sum by (service) (workforce_consumer_lag_records)", dict.fromkeys(ON_KAFKA, 0.0))
    # What is delivered twice is counted twice.
    taken_in = f">= bool {sum(accepted.values())}"
    wait_for(prometheus, f"sum by (service) (workforce_consumed_total{{service='metrics'}}) {taken_in}", {"metrics": 1})
    wait_for(prometheus, f"workforce_origin_to_figure_seconds_count{{service='metrics'}} {taken_in}", {"metrics": 1})


NOTHING_YET = (
    "sum by (service, topic, cause) (workforce_dead_letters_total",
    "sum by (service, reason) (rate(workforce_rejected_total",
    "sum by (service, limit) (rate(workforce_http_turned_away_total",
    "sum by (service, type) (rate(workforce_already_known_total",
)
"""Of what never happened to the small history there is no series."""


def test_every_query_of_the_boards_finds_something_in_what_the_services_tell(prometheus: str) -> None:
    deadline = time.monotonic() + SCRAPED_SECONDS
    queries = {query for query, _ in board_queries()}
    for query in queries:
        # That Prometheus understands it, too, is asked of those that have nothing to tell.
        answer = ask(prometheus, query)
        # A rate is there from the second scrape on.
        while not (answer or query.startswith(NOTHING_YET)) and time.monotonic() < deadline:
            time.sleep(0.2)
            answer = ask(prometheus, query)
        assert answer or query.startswith(NOTHING_YET), query
    assert len(queries) > 20
    wait_for(prometheus, 'count(ALERTS{alertstate="firing"}) or vector(0)', {"": 0.0})


def test_every_list_of_the_boards_has_what_the_services_tell(prometheus: str) -> None:
    listed = {
        match.groups()
        for board in OPERATION.values()
        for variable in lists_of(board)
        if (match := re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]))
    }
    assert {label for _, label in listed} == {"service", "authority"}
    expected = {"service": set(SERVICES), "authority": {"331", "888"}}
    for selector, label in listed:
        wait_for_values(prometheus, selector, label, expected[label])


def wait_for_values(prometheus: str, selector: str, label: str, expected: set[str]) -> None:
    """Wait until a label has these values, as Grafana asks for them."""
    deadline = time.monotonic() + SCRAPED_SECONDS
    path = f"{prometheus}/api/v1/label/{label}/values"
    found: set[str] = set()
    while found != expected and time.monotonic() < deadline:
        found = set(httpx.get(path, params={"match[]": selector}, timeout=60, trust_env=False).json()["data"])
        time.sleep(0.2)
    assert found == expected


def test_prometheus_evaluates_every_alert_without_an_error(prometheus: str) -> None:
    (group,) = httpx.get(f"{prometheus}/api/v1/rules", timeout=60, trust_env=False).json()["data"]["groups"]
    assert {rule["name"] for rule in group["rules"]} == {rule["alert"] for rule in rules()}
    assert {rule["lastError"] for rule in group["rules"] if "lastError" in rule} <= {""}
