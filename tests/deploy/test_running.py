"""The three services with exactly the environment that compose gives them, from exactly the files the image holds.

Invariant: what runs here is real: Apache Kafka with compose's settings, PostgreSQL set up by compose's script.
"""

import signal

import httpx
import pytest

from deploy.embedded.processes import STOP_SECONDS
from services.chassis import cancelling, membership, runtime
from services.chassis.process import GRACE_SECONDS
from tests.deploy.compose import SERVICES
from tests.deploy.history import TO_RECRUITMENT, TO_RETENTION
from tests.deploy.production import READY_SECONDS, Production
from tests.parts import PartFailed, Process, free_port


@pytest.mark.parametrize("service", SERVICES)
def test_the_health_check_of_the_container_finds_a_service_ready(production: Production, service: str) -> None:
    production.services[service].wait_until(
        lambda: '"ready":true' in production.probe(service).stdout, "is found ready", READY_SECONDS
    )


def test_the_health_check_fails_where_nothing_answers(production: Production) -> None:
    ports = production.ports
    production.ports = {**ports, "metrics": free_port()}
    done = production.probe("metrics")
    production.ports = ports
    assert done.returncode == 1
    assert "no answer" in done.stdout


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("metrics", "/v1/measures"),
        ("metrics", "/v1/measures/vacancies?authority=331"),
        ("recruitment", "/v1/posts/fallen-vacant?authority=331"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer guessed"}], ids=["no-key", "wrong-key"])
def test_nobody_reads_without_a_key(production: Production, service: str, path: str, headers: dict[str, str]) -> None:
    answer = httpx.get(production.url(service) + path, headers=headers, timeout=60, trust_env=False)
    assert answer.status_code == 401


@pytest.mark.parametrize(("service", "events"), [("recruitment", TO_RECRUITMENT), ("retention", TO_RETENTION)])
def test_nobody_feeds_without_a_key(production: Production, service: str, events: list[dict[str, object]]) -> None:
    answer = httpx.post(
        f"{production.url(service)}/v1/events",
        json=events,
        headers={"Content-Type": "application/cloudevents-batch+json"},
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 401


def test_the_key_of_the_hr_system_reads_no_figures(production: Production) -> None:
    answer = httpx.get(
        f"{production.url('metrics')}/v1/measures/vacancies?authority=331",
        headers={"Authorization": f"Bearer {production.keys['HR system']}"},
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 403


def test_a_service_without_keys_does_not_start_as_compose_has_it_listen(production: Production) -> None:
    environment = dict(production.compose["services"]["metrics"]["environment"])
    environment["WORKFORCE_API_KEYS"] = "[]"
    process = Process(
        "metrics without keys",
        production.services["metrics"].command,
        production.folder / "without-keys.log",
        environment=environment,
        folder=production.tree,
    )
    process.start()
    try:
        with pytest.raises(PartFailed, match=r"exit code 1;(.|\n)*WORKFORCE_API_KEYS must hold at least one key"):
            process.wait_until(lambda: False, "has ended", 120)
    finally:
        process.kill()


def test_a_service_stops_by_itself_well_within_the_time_compose_gives_it(production: Production) -> None:
    given = production.compose["services"]["retention"]["stop_grace_period"]
    # Requests at hand, then the batch and the group, how far was read, tasks that go on for ever, the database.
    leaving = membership.BATCH_SECONDS + membership.CLOSE_SECONDS + 2 * membership.DISCONNECT_SECONDS
    needed = GRACE_SECONDS + leaving + runtime.SAVE_SECONDS + cancelling.END_SECONDS + runtime.CLOSE_SECONDS
    assert int(given.removesuffix("s")) >= needed
    assert int(given.removesuffix("s")) == STOP_SECONDS
    service = production.services["retention"]
    # Everything is closed; then the process ends by the signal it was asked with.
    code = service.stop(signal.SIGTERM)
    told = service.log.read_text(encoding="utf-8")
    service.start()
    service.wait_until(lambda: production.ready("retention"), "is ready again", READY_SECONDS)
    assert (code, '"message": "stopped"' in told) == (0, True)
