"""What is started, in which order, and told what; stopped in the opposite order, however it ends.

Invariant: the parts here only write down what was asked of them: the real ones are in tests/parts and tests/end_to_end.
"""

import stat
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded import system
from deploy.embedded.broker import EmbeddedBroker
from deploy.embedded.processes import PartFailed
from deploy.embedded.services import Service, environment_without_settings
from deploy.embedded.settings import EmbeddedSettings
from tests.unit.deploy.answering import answering

Done = list[str]


class Part:
    """A part that writes down what was asked of it. It runs until it is stopped."""

    idempotent = False
    done: Done
    made: dict[str, "Part"]
    dying = ""

    def __init__(self, name: str, *given: Any, **named: Any) -> None:
        self.name, self.given, self.named = name, given, named
        self.url, self.servers, self.process = f"http://{name}", f"{name}:1", self
        self.made[name] = self

    def start(self) -> None:
        """Written down."""
        self.done.append(f"{self.name} starts")

    def wait_until_ready(self) -> None:
        """Written down."""
        self.done.append(f"{self.name} is waited for")
        if self.dying == self.name:
            raise PartFailed(f"{self.name} died")

    def stop(self) -> None:
        """Written down."""
        self.done.append(f"{self.name} stops")

    def assert_running(self) -> None:
        """Written down."""
        self.done.append(f"{self.name} is looked at")

    def create(self, database: str) -> str:
        """Written down."""
        self.done.append(f"{self.name} makes {database}")
        return f"postgresql:///{database}"


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Done:
    """What was done, in order."""
    monkeypatch.setattr(Part, "done", [], raising=False)
    monkeypatch.setattr(Part, "made", {}, raising=False)
    monkeypatch.setattr(system, "PostgreSQL", lambda *given: Part("postgresql", *given))
    monkeypatch.setattr(system, "EmbeddedBroker", lambda *given: Part("broker", *given))
    monkeypatch.setattr(system, "Service", Part)
    return Part.done


def run(settings: EmbeddedSettings) -> list[str]:
    """Start and stop a system; gives what it said."""
    said: list[str] = []
    with system.running(settings, said.append, lambda: Part.done.append("stopping")) as running:
        Part.done.append("running")
        running.assert_running()
    return said


def test_databases_come_first_then_the_broker_then_the_services_and_all_stop_backwards(
    done: Done, tmp_path: Path
) -> None:
    said = run(EmbeddedSettings(state=tmp_path))
    assert done == [
        "postgresql starts",
        "postgresql makes recruitment", "postgresql makes retention", "postgresql makes metrics",
        "postgresql makes people", "postgresql makes benchmarks",
        "broker starts",
        "recruitment starts", "retention starts", "metrics starts", "people starts",
        "recruitment is waited for", "retention is waited for", "metrics is waited for", "people is waited for",
        "running",
        "postgresql is looked at", "broker is looked at",
        "recruitment is looked at", "retention is looked at", "metrics is looked at", "people is looked at",
        "stopping",
        "people stops", "metrics stops", "retention stops", "recruitment stops", "broker stops", "postgresql stops",
    ]  # fmt: skip
    assert said == [
        "PostgreSQL is ready: databases recruitment, retention, metrics, people, benchmarks",
        "the broker is ready: broker:1",
        "recruitment is ready: http://recruitment",
        "retention is ready: http://retention",
        "metrics is ready: http://metrics",
        "people is ready: http://people",
    ]


def test_each_service_is_told_its_database_its_port_and_the_broker(
    done: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKFORCE_STATISTICAL_NEIGHBOURS", "{}")
    run(EmbeddedSettings(state=tmp_path, host="0.0.0.0", retention_port=9102, broker_port=9092))  # noqa: S104
    kafka = {"kafka_servers": "broker:1", "kafka_idempotent_producer": False}
    assert Part.made["recruitment"].given == (
        tmp_path / "logs" / "recruitment.log",
        {"database_url": "postgresql:///recruitment", **kafka},
    )
    assert Part.made["retention"].given == (
        tmp_path / "logs" / "retention.log",
        {"database_url": "postgresql:///retention", **kafka},
    )
    assert Part.made["metrics"].given == (
        tmp_path / "logs" / "metrics.log",
        {
            "database_url": "postgresql:///metrics",
            "benchmarks_database_url": "postgresql:///benchmarks",
            **kafka,
        },
    )
    ports = {name: Part.made[name].named["port"] for name in ("recruitment", "retention", "metrics")}
    assert ports == {"recruitment": 8101, "retention": 9102, "metrics": 8100}
    assert {Part.made[name].named["host"] for name in ports} == {"0.0.0.0"}  # noqa: S104
    inherited = {name: "WORKFORCE_STATISTICAL_NEIGHBOURS" in Part.made[name].named["inherited"] for name in ports}
    assert inherited == {"recruitment": False, "retention": False, "metrics": True}
    assert Part.made["broker"].given == (tmp_path / "logs" / "broker.log", 9092)
    assert Part.made["postgresql"].given == (tmp_path / "postgresql", tmp_path / "logs" / "postgresql.log")


def test_a_kafka_and_databases_of_yours_are_used_and_none_are_started(done: Done, tmp_path: Path) -> None:
    said = run(
        EmbeddedSettings(
            state=tmp_path,
            kafka_servers="kafka.example:9092",
            database_url_recruitment="postgresql://one",
            database_url_retention="postgresql://two",
            database_url_metrics="postgresql://three",
            database_url_people="postgresql://five",
        )
    )
    assert said[:2] == ["PostgreSQL: yours", "Kafka: yours, kafka.example:9092"]
    assert not {"postgresql", "broker"} & Part.made.keys()
    # Whether it knows idempotent producers is for the service's own default to say.
    assert Part.made["metrics"].given[1] == {
        "database_url": "postgresql://three",
        "kafka_servers": "kafka.example:9092",
    }


def test_a_database_of_yours_stands_beside_those_that_are_made(done: Done, tmp_path: Path) -> None:
    run(
        EmbeddedSettings(
            state=tmp_path, database_url_retention="postgresql://two", benchmarks_database_url="postgresql://four"
        )
    )
    assert [line for line in done if "makes" in line] == [
        "postgresql makes recruitment",
        "postgresql makes metrics",
        "postgresql makes people",
    ]
    assert Part.made["retention"].given[1]["database_url"] == "postgresql://two"
    assert Part.made["metrics"].given[1]["benchmarks_database_url"] == "postgresql://four"


def test_what_was_started_is_stopped_where_a_service_dies(
    done: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Part, "dying", "retention")
    with pytest.raises(PartFailed, match="retention died"):
        run(EmbeddedSettings(state=tmp_path))
    assert done[-7:] == [
        "stopping", "people stops", "metrics stops", "retention stops", "recruitment stops", "broker stops",
        "postgresql stops",
    ]  # fmt: skip


def people_told(done: Done, settings: EmbeddedSettings) -> dict[str, Any]:
    """What people is told when a system starts."""
    run(settings)
    found: dict[str, Any] = Part.made["people"].given[1]
    return found


def test_people_is_told_where_the_doors_are_and_nothing_of_kafka(done: Done, tmp_path: Path) -> None:
    told = people_told(done, EmbeddedSettings(state=tmp_path, retention_port=9102, api_key="of the doors"))
    assert {name: value for name, value in told.items() if name not in ("master_keys", "pseudonym_key")} == {
        "database_url": "postgresql:///people",
        "recruitment_url": "http://127.0.0.1:8101",
        "retention_url": "http://127.0.0.1:9102",
        "metrics_url": "http://127.0.0.1:8100",
        "door_key": "of the doors",
    }


def test_the_keys_of_the_register_are_made_once_and_for_whoever_runs_it_alone(done: Done, tmp_path: Path) -> None:
    first = people_told(done, EmbeddedSettings(state=tmp_path))
    (kept,) = tmp_path.glob("people*")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    again = people_told(done, EmbeddedSettings(state=tmp_path))
    other = people_told(done, EmbeddedSettings(state=tmp_path / "other"))
    names = ("master_keys", "pseudonym_key")
    assert [first[name] for name in names] == [again[name] for name in names]
    assert not {first[name] for name in names} & {other[name] for name in names}


def test_keys_of_yours_are_used_and_none_are_made(done: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFORCE_MASTER_KEYS", "[]")
    monkeypatch.setenv("WORKFORCE_PSEUDONYM_KEY", "of mine")
    told = people_told(done, EmbeddedSettings(state=tmp_path))
    assert not {"master_keys", "pseudonym_key"} & told.keys()
    assert Part.made["people"].named["inherited"]["WORKFORCE_PSEUDONYM_KEY"] == "of mine"
    assert list(tmp_path.glob("people*")) == []


def test_the_embedded_broker_is_reached_from_this_machine_alone_and_keeps_all_in_memory(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker.log", 9092)
    assert broker.servers == "127.0.0.1:9092"
    assert broker.process.command[1:] == (
        "broker", "--listener-url", "tcp://127.0.0.1:9092", "--advertised-listener-url", "tcp://127.0.0.1:9092",
        "--storage-engine", "memory://tansu/",
    )  # fmt: skip
    assert not broker.idempotent
    assert EmbeddedBroker(tmp_path / "broker.log").port in range(20_000, 32_768)


# --- one service as a process -----------------------------------------------------------------------------------------


def test_a_service_is_told_everything_by_its_environment(tmp_path: Path) -> None:
    told = {"database_url": "postgresql:///here", "kafka_idempotent_producer": False, "relay_seconds": 0.5}
    service = Service("retention", tmp_path / "log", told, port=9102, host="127.0.0.2", inherited={"PATH": "/bin"})
    assert service.process.environment == {
        "PATH": "/bin",
        "WORKFORCE_HOST": "127.0.0.2",
        "WORKFORCE_PORT": "9102",
        "WORKFORCE_DATABASE_URL": "postgresql:///here",
        "WORKFORCE_KAFKA_IDEMPOTENT_PRODUCER": "false",
        "WORKFORCE_RELAY_SECONDS": "0.5",
    }
    assert service.process.command[1:] == ("-m", "services.retention")
    assert service.process.folder == Path(__file__).parents[3]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])  # noqa: S104 - asked, not listened on
def test_a_service_that_listens_everywhere_is_asked_on_this_machine(tmp_path: Path, host: str) -> None:
    assert Service("metrics", tmp_path / "log", {}, port=8100, host=host).url == "http://127.0.0.1:8100"


def test_a_service_that_listens_on_an_address_is_asked_there(tmp_path: Path) -> None:
    assert Service("metrics", tmp_path / "log", {}, port=8100, host="10.0.0.5").url == "http://10.0.0.5:8100"


def test_settings_of_whoever_starts_a_service_do_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFORCE_API_KEYS", "[]")
    monkeypatch.setenv("ELSE", "kept")
    assert "WORKFORCE_API_KEYS" not in environment_without_settings()
    environment = Service("metrics", tmp_path / "log", {}).process.environment
    assert environment is not None
    assert environment["ELSE"] == "kept"
    assert "WORKFORCE_API_KEYS" not in environment


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False), (404, False)])
def test_a_service_is_ready_when_it_says_so(tmp_path: Path, status: int, ready: bool) -> None:
    with answering(lambda asked: (status, {})) as stand_in:
        service = Service("metrics", tmp_path / "log", {}, port=int(stand_in.url.rpartition(":")[2]))
        assert service.ready() is ready
        assert [asked.path for asked in stand_in.asked] == ["/health/ready"]
    assert Service("metrics", tmp_path / "log", {}).ready() is False
