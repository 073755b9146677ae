"""docker-compose.yml: what the compose specification asks of it, and what we ask of it.

Invariant: no engine is needed; the schema is the compose specification's own.
"""

import json
import re
import subprocess
import tomllib
from collections import Counter
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.images import env_file
from services.chassis.authentication import Right
from services.chassis.settings import PREFIX, Settings, SettingsRefused, read_settings
from services.metrics.app import ServiceSettings as MetricsSettings
from services.people.settings import ServiceSettings as PeopleSettings
from services.recruitment.app import ServiceSettings as RecruitmentSettings
from services.retention.app import ServiceSettings as RetentionSettings
from tests.deploy.compose import (
    COMPOSE_FILE,
    ON_KAFKA,
    REPOSITORY,
    SERVICES,
    VariableMissing,
    read_compose,
    read_env_file,
    required_variables,
)
from tests.missing import without

SETTINGS: dict[str, type[Settings]] = {
    "recruitment": RecruitmentSettings,
    "retention": RetentionSettings,
    "metrics": MetricsSettings,
    "people": PeopleSettings,
}


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The secrets as env_file makes them."""
    path = tmp_path_factory.mktemp("secrets") / ".env"
    path.write_text(env_file.env_file(env_file.EXAMPLE.read_text(encoding="utf-8"), "331").text, encoding="utf-8")
    return read_env_file(path)


@pytest.fixture(scope="module")
def compose(variables: dict[str, str]) -> dict[str, Any]:
    """The file with its variables filled in."""
    return read_compose(variables)


def specification() -> dict[str, Any]:
    """The JSON schema of the compose specification, from the package that carries it."""
    try:
        package = distribution("check-jsonschema")
    except PackageNotFoundError:
        without("There is no check-jsonschema in the environment, which carries the schema of compose files")
    path = Path(str(package.locate_file("check_jsonschema/builtin_schemas/vendor/compose-spec.json")))
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def test_the_file_keeps_the_compose_specification() -> None:
    schema = specification()
    validator = jsonschema.validators.validator_for(schema)(schema)
    document = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
    assert [error.message for error in validator.iter_errors(document)] == []
    document["services"]["metrics"]["restarts"] = "always"
    assert not validator.is_valid(document)


def test_the_file_filled_in_keeps_it_too(compose: dict[str, Any]) -> None:
    schema = specification()
    jsonschema.validators.validator_for(schema)(schema).validate(compose)
    assert set(compose["services"]) == {*SERVICES, "kafka", "postgresql", "disks", "prometheus", "grafana", "proxy"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_given_to_a_service_exists_and_can_be_read(
    compose: dict[str, Any], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, str] = compose["services"][service]["environment"]
    known = {f"{PREFIX}{name.upper()}" for name in SETTINGS[service].model_fields}
    assert {name.partition("__")[0] for name in given} <= known
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = read_settings(SETTINGS[service])
    assert settings.listens_beyond_this_machine
    assert ("WORKFORCE_KAFKA_SERVERS" in given) == (service in ON_KAFKA)
    assert settings.kafka_servers == ("kafka:9092" if service in ON_KAFKA else "127.0.0.1:9092")
    assert settings.database_url.startswith(f"postgresql://{service}:")
    assert settings.database_url.endswith(f"@postgresql:5432/{service}")
    assert [(key.name, key.authority, key.rights) for key in settings.api_keys] == [
        ("HR system", "331", (Right.FEED,)),
        ("workforce team", "331", (Right.READ,)),
        ("people", "331", (Right.FEED, Right.ATTEST, Right.READ)),
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_refuses_to_start_without_the_keys_compose_gives_it(
    compose: dict[str, Any], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in compose["services"][service]["environment"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("WORKFORCE_API_KEYS")
    with pytest.raises(SettingsRefused, match="WORKFORCE_API_KEYS must hold at least one key"):
        read_settings(SETTINGS[service])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_published_and_checked_on_the_port_it_listens_on(compose: dict[str, Any], service: str) -> None:
    port = str(SETTINGS[service].model_fields["port"].default)
    assert compose["services"][service]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert compose["services"][service]["healthcheck"]["test"][-1] == port


def test_ports_are_published_on_this_machine_alone(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(published) == 7
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_image_is_pinned_to_a_version(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert re.fullmatch(r"[a-z/-]+:v?\d+(\.\d+)+", service["image"]), service["image"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_as_the_account_of_the_image(compose: dict[str, Any], service: str) -> None:
    dockerfile = (REPOSITORY / "deploy/images/Dockerfile").read_text(encoding="utf-8")
    assert f"\nUSER {compose['services'][service]['user']}\n" in dockerfile


def test_what_is_mounted_exists(compose: dict[str, Any]) -> None:
    mounted = [volume for service in compose["services"].values() for volume in service.get("volumes", [])]
    files = [volume for volume in mounted if volume.startswith("./")]
    assert len(files) == 5
    for volume in files:
        assert volume.endswith(":ro")
        assert (REPOSITORY / volume.split(":")[0]).exists(), volume
    named = {volume.split(":")[0] for volume in mounted} - {volume.split(":")[0] for volume in files}
    assert named == set(compose["volumes"]) == {"kafka", "postgresql", "prometheus", "grafana"}


def test_the_proxy_starts_only_where_it_is_asked_for(compose: dict[str, Any]) -> None:
    assert {name for name, service in compose["services"].items() if "profiles" in service} == {"proxy"}
    assert compose["services"]["proxy"]["profiles"] == ["proxy"]


def test_nothing_starts_with_the_example_as_it_is() -> None:
    example = read_env_file(env_file.EXAMPLE)
    assert set(example) == required_variables()
    assert set(example.values()) == {""}
    with pytest.raises(VariableMissing, match=r"make the file \.env first"):
        read_compose(example)


@pytest.mark.parametrize("name", sorted(required_variables()))
def test_nothing_starts_while_one_secret_is_missing(variables: dict[str, str], name: str) -> None:
    with pytest.raises(VariableMissing, match=name):
        read_compose(variables | {name: ""})


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    document = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
    secret = re.compile("PASSWORD|SECRET|API_KEYS|DATABASE_URL|DOOR_KEY|MASTER_KEYS|PSEUDONYM_KEY")
    given = [
        value
        for service in document["services"].values()
        for name, value in service.get("environment", {}).items()
        if secret.search(name)
    ]
    # Four services with keys and an address each, a second address of metrics, six passwords of PostgreSQL, two
    # secrets and a password of Grafana; of people its key to the doors and those of its register.
    assert len(given) == 21
    assert all(re.search(r"\$\{[A-Z_]+:\?", value) for value in given)


def test_the_database_script_gets_every_password_it_reads(compose: dict[str, Any]) -> None:
    script = (REPOSITORY / "deploy/postgresql/databases.sql").read_text(encoding="utf-8")
    read = set(re.findall(r"^\\getenv \w+ (\w+)$", script, re.MULTILINE))
    assert read == set(compose["services"]["postgresql"]["environment"]) - {"POSTGRES_PASSWORD"}


def test_metrics_keeps_what_dfe_published_in_a_database_that_a_rebuild_leaves_alone(compose: dict[str, Any]) -> None:
    given = compose["services"]["metrics"]["environment"]
    assert given["WORKFORCE_BENCHMARKS_DATABASE_URL"].endswith("@postgresql:5432/benchmarks")
    script = (REPOSITORY / "deploy/postgresql/databases.sql").read_text(encoding="utf-8")
    assert "CREATE DATABASE benchmarks OWNER metrics" in script


@pytest.mark.parametrize(("written", "neighbours"), [("", {}), ('{"331": ["831", "852"]}', {"331": ("831", "852")})])
def test_statistical_neighbours_are_passed_on_as_the_env_file_has_them(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, written: str, neighbours: dict[str, tuple[str, ...]]
) -> None:
    compose = read_compose(variables | {"STATISTICAL_NEIGHBOURS": written})
    for name, value in compose["services"]["metrics"]["environment"].items():
        monkeypatch.setenv(name, value)
    assert read_settings(SETTINGS["metrics"]).statistical_neighbours == neighbours  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("script", "database"), [("metrics_anew", "metrics"), ("from_0_2_0", "benchmarks"), ("from_0_2_0", "people")]
)
def test_a_database_that_is_made_later_is_as_on_a_new_server(script: str, database: str) -> None:
    first, later = (
        (REPOSITORY / f"deploy/postgresql/{name}.sql").read_text(encoding="utf-8") for name in ("databases", script)
    )
    made = f"CREATE DATABASE {database} OWNER "
    (as_new,) = [statement for statement in first.split(";") if made in statement]
    assert as_new[as_new.index(made) :] in later
    closed = re.findall(r"REVOKE ALL ON DATABASE (.*) FROM PUBLIC;", later)
    assert any(database in names.split(", ") for names in closed)
    for grant in re.findall(rf"GRANT CONNECT ON DATABASE {database} TO \w+;", first):
        assert grant in later
    if rf"\connect {database}" in first:
        assert first[first.index(rf"\connect {database}") :].strip() in later


def test_each_image_has_its_version_in_one_place_and_it_is_that_of_what_is_tested(compose: dict[str, Any]) -> None:
    named = {service["image"] for service in compose["services"].values()}
    versions = dict(image.rsplit(":", 1) for image in named)
    assert set(versions) == {
        "workforce", "apache/kafka", "postgres", "prom/prometheus", "prom/node-exporter", "grafana/grafana", "nginx",
    }  # fmt: skip
    names = "|".join(re.escape(name) for name in (*versions, "python"))
    image = re.compile(rf"(?<![\w./-])({names}):v?\d+[.]\d")
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    versioned = Counter[str]()
    for path in listed.stdout.splitlines():
        if Path(path).suffix in {".md", ".yml", ".yaml", ".sh", ".py", ""}:
            images = image.findall((REPOSITORY / path).read_text(encoding="utf-8"))
            versioned.update(f"{name} in {path}" for name in images)
    assert versioned == {f"{name} in docker-compose.yml": 1 for name in versions} | {
        "python in deploy/images/Dockerfile": 1
    }
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert versions["workforce"] == project["version"]
    jars = (REPOSITORY / "deploy/kafka/pom.xml").read_text(encoding="utf-8")
    assert f"<version>{versions['apache/kafka']}</version>" in jars
