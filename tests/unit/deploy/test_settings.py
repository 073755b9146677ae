"""What `make up` is told by its environment, and what of it reaches which service."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.embedded.processes import PartFailed, free_port
from deploy.embedded.settings import (
    EmbeddedSettings,
    check_ports,
    inherited_by,
    read_settings,
    settings_help,
    unknown_to_all,
)

Told = Callable[..., EmbeddedSettings]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Read the settings from an environment that has these variables of ours and no other."""
    for name in [name for name in os.environ if name.startswith("WORKFORCE_")]:
        monkeypatch.delenv(name)

    def read(**variables: str) -> EmbeddedSettings:
        for name, value in variables.items():
            monkeypatch.setenv(f"WORKFORCE_{name}", value)
        return read_settings()

    return read


def test_told_nothing_it_runs_on_this_machine_alone_with_parts_of_its_own(told: Told) -> None:
    settings = told()
    assert settings.host == "127.0.0.1"
    assert settings.service_ports == {"recruitment": 8101, "retention": 8102, "metrics": 8100, "people": 8103}
    assert settings.database_urls == {"recruitment": None, "retention": None, "metrics": None, "people": None}
    assert (settings.benchmarks_database_url, settings.kafka_servers, settings.api_key) == (None, None, None)
    assert settings.broker_port == 0
    assert settings.state == Path(__file__).parents[3] / ".state"


def test_each_setting_goes_where_it_belongs(told: Told) -> None:
    settings = told(
        RECRUITMENT_PORT="1", RETENTION_PORT="2", METRICS_PORT="3", BROKER_PORT="4", PEOPLE_PORT="5",
        DATABASE_URL_RECRUITMENT="postgresql:///one", DATABASE_URL_RETENTION="postgresql:///two",
        DATABASE_URL_METRICS="postgresql:///three", BENCHMARKS_DATABASE_URL="postgresql:///four", API_KEY="key",
        DATABASE_URL_PEOPLE="postgresql:///five", STATE="/elsewhere",
    )  # fmt: skip
    assert settings.service_ports == {"recruitment": 1, "retention": 2, "metrics": 3, "people": 5}
    assert settings.database_urls == {
        "recruitment": "postgresql:///one",
        "retention": "postgresql:///two",
        "metrics": "postgresql:///three",
        "people": "postgresql:///five",
    }
    assert (settings.benchmarks_database_url, settings.api_key) == ("postgresql:///four", "key")
    assert settings.state == Path("/elsewhere")


def test_the_broker_listens_where_it_is_ours_and_its_port_is_chosen(told: Told) -> None:
    services = {
        "WORKFORCE_RECRUITMENT_PORT": 8101,
        "WORKFORCE_RETENTION_PORT": 8102,
        "WORKFORCE_METRICS_PORT": 8100,
        "WORKFORCE_PEOPLE_PORT": 8103,
    }
    assert told().listening_ports == services
    assert told(BROKER_PORT="9092").listening_ports == services | {"WORKFORCE_BROKER_PORT": 9092}
    # Of a Kafka elsewhere no port is taken here: it may be that of a service.
    assert told(BROKER_PORT="8100", KAFKA_SERVERS="kafka:9092").listening_ports == services


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"RETENTION_PORT": "8100"},
            "WORKFORCE_METRICS_PORT and WORKFORCE_RETENTION_PORT are both 8100; give one of them another port",
        ),
        (
            {"BROKER_PORT": "8101"},
            "WORKFORCE_BROKER_PORT and WORKFORCE_RECRUITMENT_PORT are both 8101; give one of them another port",
        ),
        ({"METRICS_PORT": "0"}, "WORKFORCE_METRICS_PORT: Input should be greater than or equal to 1"),
        ({"RECRUITMENT_PORT": "65536"}, "WORKFORCE_RECRUITMENT_PORT: Input should be less than or equal to 65535"),
        ({"BROKER_PORT": "-1"}, "WORKFORCE_BROKER_PORT: Input should be greater than or equal to 0"),
        (
            {"METRICS_PORT": "many", "RETENTION_PORT": "0"},
            "WORKFORCE_METRICS_PORT: Input should be a valid integer, unable to parse string as an integer\n"
            "WORKFORCE_RETENTION_PORT: Input should be greater than or equal to 1",
        ),
    ],
)
def test_what_is_wrong_is_told_in_a_line_each(told: Told, variables: dict[str, str], said: str) -> None:
    with pytest.raises(PartFailed) as failure:
        told(**variables)
    assert str(failure.value) == said


def test_the_highest_and_the_lowest_port_are_ports(told: Told) -> None:
    assert told(METRICS_PORT="65535", RETENTION_PORT="1").service_ports["metrics"] == 65535


def free_ports() -> dict[str, str]:
    """Four ports that nothing listens on, as the environment has them."""
    return {f"{name}_PORT": str(free_port()) for name in ("RECRUITMENT", "RETENTION", "METRICS", "PEOPLE")}


def test_each_port_that_is_taken_is_told_with_the_setting_that_changes_it(told: Told) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = one.getsockname()[1], two.getsockname()[1]
        settings = told(**free_ports() | {"METRICS_PORT": str(ports[0]), "BROKER_PORT": str(ports[1])})
        with pytest.raises(PartFailed) as failure:
            check_ports(settings)
    metrics, broker = str(failure.value).splitlines()
    assert metrics.startswith(
        f"port {ports[0]} is taken by another program: choose another with WORKFORCE_METRICS_PORT, "
        "as WORKFORCE_METRICS_PORT="
    )
    assert broker.startswith(f"port {ports[1]} is taken by another program: choose another with WORKFORCE_BROKER_PORT,")
    assert metrics.endswith(" make up")


def test_a_port_is_taken_on_the_address_that_is_listened_on(told: Told) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.2", port)):
        taken = free_ports() | {"METRICS_PORT": str(port)}
        check_ports(told(**taken))
        with pytest.raises(PartFailed, match="WORKFORCE_METRICS_PORT"):
            check_ports(told(**taken, HOST="127.0.0.2"))


def test_the_help_has_a_line_for_each_setting_with_its_default() -> None:
    lines = settings_help().splitlines()
    assert len(lines) == len(EmbeddedSettings.model_fields) + 1 == 15
    assert lines[0].split(maxsplit=1)[0] == "WORKFORCE_STATE"
    assert lines[0].endswith("Delete it to start again. [.state]")
    assert lines[2] == "  WORKFORCE_METRICS_PORT               Port of metrics: figures. [8100]"
    assert lines[-2].endswith("where WORKFORCE_API_KEYS asks for one.")
    assert lines[-1].startswith("  WORKFORCE_API_KEYS                   JSON list of the keys of all services;")


def test_a_variable_that_nobody_knows_is_told_with_the_one_that_may_be_meant() -> None:
    given = ["WORKFORCE_METRIC_PORT", "WORKFORCE_STATISTICAL_NEIGHBOURS", "WORKFORCE_STATE", "WORKFORCE_SEED", "PATH"]
    assert unknown_to_all([*given, "WORKFORCE_EXAMPLES", "WORKFORCE_SHARED_DATA"]) == [
        "WORKFORCE_METRIC_PORT: there is no such setting; is WORKFORCE_METRICS_PORT meant?"
    ]
    assert unknown_to_all(["WORKFORCE_NONSENSE"]) == ["WORKFORCE_NONSENSE: there is no such setting"]


def test_each_service_gets_what_it_knows() -> None:
    given = {
        "PATH": "/usr/bin",
        "WORKFORCE_STATE": "/somewhere",
        "WORKFORCE_METRICS_PORT": "9100",
        "WORKFORCE_LIMITS__CONNECTIONS": "50",
        "WORKFORCE_STATISTICAL_NEIGHBOURS": "{}",
    }
    both = {"PATH": "/usr/bin", "WORKFORCE_LIMITS__CONNECTIONS": "50"}
    assert inherited_by("recruitment", given) == both
    assert inherited_by("retention", given) == both
    assert inherited_by("metrics", given) == both | {"WORKFORCE_STATISTICAL_NEIGHBOURS": "{}"}


def test_a_setting_in_small_letters_is_the_same_setting() -> None:
    given = {"workforce_limits__connections": "50", "workforce_state": "/somewhere"}
    assert inherited_by("metrics", given) == {"workforce_limits__connections": "50"}
