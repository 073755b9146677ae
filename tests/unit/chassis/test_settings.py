"""What a service can be told, and what it says when it is told wrongly."""

import json

import pytest
from pydantic import BaseModel

from services.chassis.authentication import Right, new_key
from services.chassis.settings import (
    DeliverySettings,
    LimitSettings,
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
        (
            "DELIVERY__DEAD_LETTERS_SHARE",
            "2",
            "WORKFORCE_DELIVERY__DEAD_LETTERS_SHARE: Input should be less than or equal",
        ),
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


DEFAULTS: dict[type[BaseModel], dict[str, object]] = {
    DeliverySettings: {
        "attempts": 3,
        "backoff_seconds": 0.2,
        "longest_backoff_seconds": 5.0,
        "dead_letters_in_a_row": 100,
        "dead_letters_share": 0.5,
        "catching_up_records": 2000,
    },
    LimitSettings: {
        "head_bytes": 16_384,
        "headers": 100,
        "url_bytes": 8_000,
        "parameters": 100,
        "bodies_bytes": 64_000_000,
        "unread_bytes": 64_000_000,
        "connections": 500,
        "head_seconds": 10.0,
        "idle_seconds": 20,
        "slow_seconds": 20.0,
        "slowest_bytes_per_second": 500,
    },
    Settings: {
        "kafka_servers": "127.0.0.1:9092",
        "kafka_idempotent_producer": True,
        "kafka_create_topics": True,
        "kafka_replication_factor": 1,
        "host": "127.0.0.1",
        "port": 8100,
        "api_keys": (),
        "log_level": "INFO",
        "database_connections": 8,
        "largest_request_bytes": 8_000_000,
        "largest_batch": 1000,
        "stalled_seconds": 60.0,
        "late_seconds": 10.0,
        "delivery": DeliverySettings(),
        "limits": LimitSettings(),
    },
}
"""What protects a service that was told nothing."""


@pytest.mark.parametrize("kind", DEFAULTS, ids=lambda kind: kind.__name__)
def test_who_is_told_nothing_is_protected_like_this(kind: type[BaseModel]) -> None:
    stated = {name: field.default for name, field in kind.model_fields.items() if not field.is_required()}
    assert stated == DEFAULTS[kind]


@pytest.mark.parametrize(
    ("name", "least", "too_little"),
    [
        ("DELIVERY__ATTEMPTS", "1", "0"),
        ("DELIVERY__BACKOFF_SECONDS", "0.001", "0"),
        ("DELIVERY__LONGEST_BACKOFF_SECONDS", "0.001", "0"),
        ("DELIVERY__DEAD_LETTERS_IN_A_ROW", "1", "0"),
        ("DELIVERY__DEAD_LETTERS_SHARE", "0.001", "0"),
        ("DELIVERY__DEAD_LETTERS_SHARE", "1", "1.001"),
        ("DELIVERY__CATCHING_UP_RECORDS", "1", "0"),
        ("LIMITS__HEAD_BYTES", "1000", "999"),
        ("LIMITS__HEADERS", "20", "19"),
        ("LIMITS__URL_BYTES", "500", "499"),
        ("LIMITS__PARAMETERS", "20", "19"),
        ("LIMITS__BODIES_BYTES", "16000000", "15999999"),
        ("LIMITS__UNREAD_BYTES", "1000", "999"),
        ("LIMITS__CONNECTIONS", "10", "9"),
        ("LIMITS__HEAD_SECONDS", "0.001", "0"),
        ("LIMITS__IDLE_SECONDS", "1", "0"),
        ("LIMITS__SLOW_SECONDS", "0.001", "0"),
        ("LIMITS__SLOWEST_BYTES_PER_SECOND", "0", "-1"),
        ("KAFKA_REPLICATION_FACTOR", "1", "0"),
        ("PORT", "1", "0"),
        ("PORT", "65535", "65536"),
        ("DATABASE_CONNECTIONS", "2", "1"),
        ("LARGEST_REQUEST_BYTES", "1000", "999"),
        ("LARGEST_REQUEST_BYTES", "32000000", "32000001"),
        ("LARGEST_BATCH", "1", "0"),
        ("STALLED_SECONDS", "0.001", "0"),
        ("LATE_SECONDS", "0.001", "0"),
    ],
)
def test_what_would_protect_nobody_is_refused(
    environment: pytest.MonkeyPatch, name: str, least: str, too_little: str
) -> None:
    environment.setenv(f"WORKFORCE_{name}", least)
    read_settings(RecruitmentSettings)
    environment.setenv(f"WORKFORCE_{name}", too_little)
    assert refusal()


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"name": ""}, "NAME"),
        ({"name": "x" * 61}, "NAME"),
        ({"authority": "33"}, "AUTHORITY"),
        ({"authority": "3312"}, "AUTHORITY"),
        ({"authority": "all"}, "AUTHORITY"),
        ({"authority": "331\n"}, "AUTHORITY"),
        ({"rights": ["everything"]}, "RIGHTS"),
        ({"sha256": "a" * 63}, "SHA256"),
        ({"sha256": "A" * 64}, "SHA256"),
        ({"expires": "never"}, "EXPIRES"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_key_that_is_not_as_it_must_be_lets_no_service_start(
    environment: pytest.MonkeyPatch, bad: dict[str, object], why: str
) -> None:
    right = {"name": "HR system", "authority": "331", "rights": ["feed"], "sha256": "a" * 64}
    environment.setenv("WORKFORCE_API_KEYS", json.dumps([right]))
    read_settings(RecruitmentSettings)
    environment.setenv("WORKFORCE_API_KEYS", json.dumps([right | bad]))
    assert refusal().startswith(f"WORKFORCE_API_KEYS__0__{why}")
