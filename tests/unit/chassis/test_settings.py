"""What a service can be told, and what it says when it is told wrongly."""

import json

import pytest
from pydantic import BaseModel

from services.chassis.authentication import Right, new_key
from services.chassis.settings import (
    DeliverySettings,
    Settings,
    SettingsRefused,
    names_of_settings,
    read_settings,
    unknown_settings,
)
from services.metrics.app import ServiceSettings as MetricsSettings
from services.recruitment.app import ServiceSettings as RecruitmentSettings
from services.retention.app import ServiceSettings as RetentionSettings

SERVICES = [RecruitmentSettings, RetentionSettings, MetricsSettings]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with the one setting that has no default."""
    monkeypatch.setenv("WORKFORCE_DATABASE_URL", "postgresql://postgres@/recruitment")
    return monkeypatch


def refusal(kind: type[Settings] = RecruitmentSettings) -> str:
    """What is said of the settings as they are."""
    with pytest.raises(SettingsRefused) as refused:
        read_settings(kind)
    return str(refused.value)


def test_a_service_needs_to_be_told_nothing_but_its_database(environment: pytest.MonkeyPatch) -> None:
    told = {kind: read_settings(kind) for kind in SERVICES}
    assert [settings.port for settings in told.values()] == [8101, 8102, 8100]
    assert {settings.host for settings in told.values()} == {"127.0.0.1"}


def test_without_a_database_it_says_which_setting_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKFORCE_DATABASE_URL", raising=False)
    assert refusal() == "WORKFORCE_DATABASE_URL: Field required"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "recruitment.example", ""])  # noqa: S104
def test_beyond_this_machine_it_does_not_start_without_keys(environment: pytest.MonkeyPatch, host: str) -> None:
    environment.setenv("WORKFORCE_HOST", host)
    for kind in SERVICES:
        line = refusal(kind)
        assert line.startswith(f"host {host} can be reached from other machines, so WORKFORCE_API_KEYS must hold")
        assert "python -m services.chassis.keys" in line
        assert "\n" not in line


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_on_this_machine_it_needs_no_key(environment: pytest.MonkeyPatch, host: str) -> None:
    environment.setenv("WORKFORCE_HOST", host)
    assert read_settings(RecruitmentSettings).api_keys == ()


def test_with_a_key_it_listens_anywhere(environment: pytest.MonkeyPatch) -> None:
    _, entry = new_key("HR system", "331", (Right.FEED,))
    environment.setenv("WORKFORCE_HOST", "0.0.0.0")  # noqa: S104
    environment.setenv("WORKFORCE_API_KEYS", f"[{entry.model_dump_json()}]")
    assert read_settings(RecruitmentSettings).api_keys == (entry,)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", "0", "WORKFORCE_PORT: must be a port from 1 to 65535"),
        ("PORT", "65536", "WORKFORCE_PORT: must be a port from 1 to 65535"),
        ("PORT", "http", "WORKFORCE_PORT: Input should be a valid integer"),
        ("LOG_LEVEL", "LOUD", "WORKFORCE_LOG_LEVEL: String should match pattern"),
        ("DATABASE_URL", "mysql://here", "WORKFORCE_DATABASE_URL: String should match pattern"),
        ("DELIVERY__ATTEMPTS", "0", "WORKFORCE_DELIVERY__ATTEMPTS: Input should be greater than or equal to 1"),
        ("DELIVERY__SET_ASIDE_SHARE", "2", "WORKFORCE_DELIVERY__SET_ASIDE_SHARE: Input should be less than or equal"),
        ("API_KEYS", "s3cret", "WORKFORCE_API_KEYS: is not JSON"),
        ("API_KEYS", "", "WORKFORCE_API_KEYS: is not JSON"),
        ("API_KEYS", '[{"name": "HR"}]', "WORKFORCE_API_KEYS__0__AUTHORITY: Field required"),
    ],
)
@pytest.mark.parametrize("kind", SERVICES)
def test_a_wrong_setting_is_named(
    environment: pytest.MonkeyPatch, kind: type[Settings], name: str, value: str, line: str
) -> None:
    environment.setenv(f"WORKFORCE_{name}", value)
    assert refusal(kind).splitlines()[0].startswith(line)


def test_each_thing_wrong_has_a_line(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WORKFORCE_PORT", "-1")
    environment.setenv("WORKFORCE_LARGEST_BATCH", "0")
    assert [line.split(":")[0] for line in refusal().splitlines()] == ["WORKFORCE_PORT", "WORKFORCE_LARGEST_BATCH"]


def test_what_is_said_holds_no_secret(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WORKFORCE_DATABASE_URL", "mysql://workforce:s3cret@here")
    environment.setenv("WORKFORCE_API_KEYS", json.dumps([{"sha256": "s3cret"}]))
    assert "s3cret" not in refusal()


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("WORKFORCE_APIKEYS", "WORKFORCE_API_KEYS"),
        ("WORKFORCE_API_KEY", "WORKFORCE_API_KEYS"),
        ("WORKFORCE_KAFKA_SERVER", "WORKFORCE_KAFKA_SERVERS"),
        ("WORKFORCE_LIMIT__CONNECTIONS", "WORKFORCE_LIMITS__CONNECTIONS"),
        ("WORKFORCE_DELIVERY__ATEMPTS", "WORKFORCE_DELIVERY__ATTEMPTS"),
        ("workforce_largest_bach", "WORKFORCE_LARGEST_BATCH"),
        ("WORKFORCE_STATISTICAL_NEIGHBORS", "WORKFORCE_STATISTICAL_NEIGHBOURS"),
        ("WORKFORCE_SERVICE_HOST", None),
        ("WORKFORCE_NONSENSE", None),
    ],
)
def test_a_setting_that_there_is_not_is_told_with_the_one_that_may_be_meant(variable: str, meant: str | None) -> None:
    given = {variable, "PATH", "HOME", "WORKFORCE_PORT", "workforce_api_keys", "WORKFORCE_LIMITS"}
    assert unknown_settings(names_of_settings(MetricsSettings), given) == {variable: meant}


@pytest.mark.parametrize("kind", SERVICES)
def test_every_setting_is_known(kind: type[Settings]) -> None:
    known = names_of_settings(kind)
    assert {"WORKFORCE_DATABASE_URL", "WORKFORCE_DELIVERY__ATTEMPTS", "WORKFORCE_LIMITS__CONNECTIONS"} <= known
    assert unknown_settings(known, known) == {}


@pytest.mark.parametrize("model", [Settings, DeliverySettings])
def test_every_setting_is_described(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, name
        assert field.description.endswith((".", "…", "`")), name
