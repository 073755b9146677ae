"""What docker-compose.yml protects each container with, written down a second time: whoever takes a line out is told.

Invariant: the tables here are by hand, of every container; nothing in them is read from the file.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.images import ready
from services.chassis.process import GRACE_SECONDS
from tests.deploy.compose import REPOSITORY, SERVICES, read_compose, read_env_file

CONTAINERS = (*SERVICES, "kafka", "postgresql", "disks", "prometheus", "grafana", "proxy")
LIMITS = {
    "recruitment": ("1", "512M", 100),
    "retention": ("1", "512M", 100),
    "metrics": ("2", "1G", 100),
    "people": ("1", "768M", 100),
    "kafka": ("2", "1G", 1000),
    "postgresql": ("2", "2G", 300),
    "disks": ("0.5", "64M", 50),
    "prometheus": ("1", "512M", 200),
    "grafana": ("1", "512M", 200),
    "proxy": ("1", "256M", 100),
}
"""Processors, memory, processes and threads."""
STOPS = {
    "recruitment": (None, "60s"),
    "retention": (None, "60s"),
    "metrics": (None, "60s"),
    "people": (None, "60s"),
    "kafka": (None, "60s"),
    "postgresql": ("SIGINT", "120s"),
    "disks": (None, "10s"),
    "prometheus": (None, "60s"),
    "grafana": (None, "30s"),
    "proxy": ("SIGQUIT", "60s"),
}
"""The signal that asks it to end (None: SIGTERM), and how long it has. PostgreSQL ends what is connected; nginx
finishes what it is at."""
NETWORKS = {
    "recruitment": ["inside", "outside"],
    "retention": ["inside", "outside"],
    "metrics": ["inside", "outside"],
    "people": ["inside", "outside"],
    "kafka": ["inside"],
    "postgresql": ["inside"],
    "disks": ["inside"],
    "prometheus": ["inside", "outside"],
    "grafana": ["inside", "outside"],
    "proxy": ["outside"],
}
CHECKS = {
    "recruitment": "python -m deploy.images.ready 8101",
    "retention": "python -m deploy.images.ready 8102",
    "metrics": "python -m deploy.images.ready 8100",
    "people": "python -m deploy.images.ready 8103",
    "kafka": "nc -z 127.0.0.1 9092",
    # By address: while the server is set up it answers on its socket alone.
    "postgresql": "pg_isready -q -h 127.0.0.1 -U postgres",
    "disks": "wget -q -O /dev/null http://127.0.0.1:9100/",
    "prometheus": "wget -q -O /dev/null http://127.0.0.1:9090/-/ready",
    "grafana": "wget -q -O /dev/null http://127.0.0.1:3000/api/health",
    "proxy": "nginx -e stderr -t -q -c /etc/proxy/nginx.conf",
}
WAITS_FOR = {
    "recruitment": {"postgresql", "kafka"},
    "retention": {"postgresql", "kafka"},
    "metrics": {"postgresql", "kafka"},
    "people": {"postgresql"},
    "grafana": {"postgresql", "prometheus"},
    "proxy": {"recruitment", "retention", "metrics", "people"},
}
IN_MEMORY = "/tmp"  # noqa: S108 - a container's own
TEMPORARY = {"postgresql": [IN_MEMORY, "/var/run/postgresql"], "kafka": [], "prometheus": [], "disks": []}
"""Where a container may write in memory; the others may in one place."""
VOLUMES = {
    "kafka": ["kafka:/var/lib/kafka/data"],
    "postgresql": [
        "postgresql:/var/lib/postgresql",
        "./deploy/postgresql/databases.sql:/docker-entrypoint-initdb.d/databases.sql:ro",
    ],
    "disks": ["postgresql:/var/lib/postgresql:ro", "kafka:/var/lib/kafka/data:ro"],
    "prometheus": ["./deploy/prometheus:/etc/prometheus:ro", "prometheus:/prometheus"],
    "grafana": [
        "./deploy/grafana/provisioning:/etc/grafana/provisioning:ro",
        "./deploy/grafana/dashboards:/etc/grafana/dashboards:ro",
        "grafana:/var/lib/grafana",
    ],
    "proxy": ["./deploy/proxy:/etc/proxy:ro"],
}
PROVISIONING = REPOSITORY / "deploy/grafana/provisioning"


@pytest.fixture(scope="module")
def variables() -> dict[str, str]:
    """A value of its own for each variable that must have one."""
    return {name: f"value-of-{name.lower()}" for name in read_env_file(REPOSITORY / ".env.example")}


@pytest.fixture(scope="module")
def containers(variables: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What the file says of each container, its variables filled in."""
    compose: dict[str, dict[str, Any]] = read_compose(variables)["services"]
    return compose


def provisioned(path: str) -> dict[str, Any]:
    """What Grafana is provisioned with."""
    document: dict[str, Any] = yaml.safe_load((PROVISIONING / path).read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_takes_no_more_than_its_limits(containers: dict[str, dict[str, Any]], name: str) -> None:
    cpus, memory, pids = LIMITS[name]
    assert containers[name]["deploy"] == {"resources": {"limits": {"cpus": cpus, "memory": memory, "pids": pids}}}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_starts_again_and_has_time_to_end(containers: dict[str, dict[str, Any]], name: str) -> None:
    container = containers[name]
    assert container["restart"] == "unless-stopped"
    assert (container.get("stop_signal"), container["stop_grace_period"]) == STOPS[name]
    # A service ends its own children; the others are the first process of their images.
    assert container.get("init", False) == (name in SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_longer_than_it_takes_to_end(containers: dict[str, dict[str, Any]], name: str) -> None:
    # Requests at hand, then the batch (20 seconds), then the database (5 seconds).
    given = int(containers[name]["stop_grace_period"].removesuffix("s"))
    assert given > GRACE_SECONDS + 20 + 5


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_gains_no_rights_and_writes_only_where_it_must(
    containers: dict[str, dict[str, Any]], name: str
) -> None:
    container = containers[name]
    assert container["security_opt"] == ["no-new-privileges:true"]
    # PostgreSQL's start gives its folder to the account that it runs under then.
    assert container.get("cap_drop") == (None if name == "postgresql" else ["ALL"])
    # Kafka's start writes its settings.
    assert container.get("read_only", False) == (name != "kafka")
    assert container.get("tmpfs", []) == TEMPORARY.get(name, [IN_MEMORY])
    assert container.get("volumes", []) == VOLUMES.get(name, [])
    assert not container.keys() & {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices", "userns_mode"}


def test_who_runs_as_whom(containers: dict[str, dict[str, Any]]) -> None:
    users = {name: container["user"] for name, container in containers.items() if "user" in container}
    assert users == dict.fromkeys(SERVICES, "10001:10001") | {"proxy": "101:101"}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_asked_whether_it_serves(containers: dict[str, dict[str, Any]], name: str) -> None:
    check = containers[name]["healthcheck"]
    assert check["test"] == ["CMD", *CHECKS[name].split()]
    times = (check["interval"], check["timeout"], check["retries"], check["start_period"])
    assert times == ("10s", "5s", 3, "60s")


def test_the_check_of_a_service_gives_up_before_it_is_given_up() -> None:
    assert 1 < ready.PATIENCE_SECONDS < 5


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_waits_until_what_it_needs_serves(containers: dict[str, dict[str, Any]], name: str) -> None:
    waits = containers[name].get("depends_on", {})
    assert waits == {other: {"condition": "service_healthy"} for other in WAITS_FOR.get(name, set())}


@pytest.mark.parametrize("name", CONTAINERS)
def test_logs_end_at_a_hundred_megabytes(containers: dict[str, dict[str, Any]], name: str) -> None:
    logging = containers[name]["logging"]
    assert logging == {"driver": "json-file", "options": {"max-size": "20m", "max-file": "5"}}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_on_the_networks_it_needs(containers: dict[str, dict[str, Any]], name: str) -> None:
    assert containers[name]["networks"] == NETWORKS[name]


def test_the_network_inside_has_no_way_out(variables: dict[str, str]) -> None:
    assert read_compose(variables)["networks"] == {"inside": {"internal": True}, "outside": {}}


def test_a_port_chosen_in_the_env_file_is_published_on_this_machine_too(variables: dict[str, str]) -> None:
    chosen = {
        f"{name.upper()}_PORT": f"9{number}00" for number, name in enumerate([*SERVICES, "prometheus", "grafana"])
    }
    filled = read_compose(variables | chosen | {"PROXY_PORT": "8443", "PROXY_ADDRESS": "192.0.2.1"})["services"]
    assert {name: container["ports"] for name, container in filled.items() if "ports" in container} == {
        "recruitment": ["127.0.0.1:9000:8101"],
        "retention": ["127.0.0.1:9100:8102"],
        "metrics": ["127.0.0.1:9200:8100"],
        "people": ["127.0.0.1:9300:8103"],
        "prometheus": ["127.0.0.1:9400:9090"],
        "grafana": ["127.0.0.1:9500:3000"],
        # The one that others are to reach, where its address is given.
        "proxy": ["192.0.2.1:8443:8443"],
    }


def test_without_an_address_the_proxy_is_reached_from_this_machine_alone(
    containers: dict[str, dict[str, Any]],
) -> None:
    assert containers["proxy"]["ports"] == ["127.0.0.1:443:8443"]


def test_each_secret_goes_where_it_belongs(containers: dict[str, dict[str, Any]]) -> None:
    given = {name: container.get("environment", {}) for name, container in containers.items()}
    for service in SERVICES:
        password = f"value-of-{service}_database_password"
        address = f"postgresql://{service}:{password}@postgresql:5432/"
        assert given[service]["WORKFORCE_DATABASE_URL"] == f"{address}{service}"
        assert given[service]["WORKFORCE_API_KEYS"] == "value-of-api_keys"
    assert given["metrics"]["WORKFORCE_BENCHMARKS_DATABASE_URL"] == (
        "postgresql://metrics:value-of-metrics_database_password@postgresql:5432/benchmarks"
    )
    of_people = {name: value for name, value in given["people"].items() if "_KEY" in name and "API" not in name}
    assert of_people == {
        "WORKFORCE_DOOR_KEY": "value-of-people_door_key",
        "WORKFORCE_MASTER_KEYS": "value-of-people_master_keys",
        "WORKFORCE_PSEUDONYM_KEY": "value-of-people_pseudonym_key",
    }
    elsewhere = [value for name, values in given.items() if name != "people" for value in values.values()]
    assert not set(of_people.values()) & set(elsewhere)
    assert given["postgresql"] == {
        "POSTGRES_PASSWORD": "value-of-postgres_password",
        "RECRUITMENT_DATABASE_PASSWORD": "value-of-recruitment_database_password",
        "RETENTION_DATABASE_PASSWORD": "value-of-retention_database_password",
        "METRICS_DATABASE_PASSWORD": "value-of-metrics_database_password",
        "PEOPLE_DATABASE_PASSWORD": "value-of-people_database_password",
        "GRAFANA_DATABASE_PASSWORD": "value-of-grafana_database_password",
    }
    assert given["kafka"]["CLUSTER_ID"] == "value-of-kafka_cluster_id"


def test_grafana_takes_nobody_in_and_tells_nobody(containers: dict[str, dict[str, Any]]) -> None:
    assert containers["grafana"]["environment"] == {
        "GF_SECURITY_ADMIN_PASSWORD": "value-of-grafana_admin_password",
        "GF_SECURITY_SECRET_KEY": "value-of-grafana_secret_key",
        "GRAFANA_DATABASE_PASSWORD": "value-of-grafana_database_password",
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_AUTH_ANONYMOUS_ENABLED": "false",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": "/etc/grafana/dashboards/figures/vacancies.json",
    }
    assert (REPOSITORY / "deploy/grafana/dashboards/figures/vacancies.json").exists()


def test_kafka_makes_no_topic_by_accident_and_keeps_one_copy_of_each(containers: dict[str, dict[str, Any]]) -> None:
    given = containers["kafka"]["environment"]
    assert given["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    copies = {name: value for name, value in given.items() if name.endswith(("REPLICATION_FACTOR", "MIN_ISR"))}
    assert copies == {
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
    }
    # Half of its memory: the rest is the operating system's, which keeps what is read again.
    assert given["KAFKA_HEAP_OPTS"] == "-Xms512m -Xmx512m"
    assert given["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"


def test_postgresql_tells_errors_without_the_values_of_the_row(containers: dict[str, dict[str, Any]]) -> None:
    program, *options = containers["postgresql"]["command"]
    assert program == "postgres"
    assert options[::2] == ["-c"] * 4
    assert set(options[1::2]) == {
        "log_error_verbosity=terse",
        "shared_buffers=256MB",
        "timezone=UTC",
        "log_timezone=UTC",
    }
    # What one query's parallel parts share: the 64 MB of an engine's own are too few.
    assert containers["postgresql"]["shm_size"] == "256m"


def test_prometheus_reads_our_settings_and_keeps_three_months(containers: dict[str, dict[str, Any]]) -> None:
    assert containers["prometheus"]["command"] == [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        "--storage.tsdb.retention.time=90d",
    ]


def test_the_proxy_runs_our_settings_in_the_foreground(containers: dict[str, dict[str, Any]]) -> None:
    assert containers["proxy"]["command"] == [
        "nginx", "-e", "stderr", "-c", "/etc/proxy/nginx.conf", "-g", "daemon off;",
    ]  # fmt: skip


def test_grafana_reads_figures_by_the_role_that_sees_the_reports_alone() -> None:
    figures, operation = provisioned("datasources/workforce.yml")["datasources"]
    assert figures == {
        "name": "figures",
        "uid": "workforce-figures",
        "type": "grafana-postgresql-datasource",
        "access": "proxy",
        "url": "postgresql:5432",
        "user": "grafana",
        "secureJsonData": {"password": "$GRAFANA_DATABASE_PASSWORD"},
        "jsonData": {
            "database": "metrics",
            "sslmode": "disable",
            "maxOpenConns": 10,
            "postgresVersion": 1500,
            "timescaledb": False,
        },
        "isDefault": True,
        "editable": False,
    }
    assert operation == {
        "name": "operation",
        "uid": "workforce-operation",
        "type": "prometheus",
        "access": "proxy",
        "url": "http://prometheus:9090",
        "jsonData": {"timeInterval": "15s"},
        "editable": False,
    }


def test_dashboards_are_those_of_the_files_and_stay_so(containers: dict[str, dict[str, Any]]) -> None:
    assert provisioned("dashboards/workforce.yml")["providers"] == [
        {
            "name": name,
            "folder": name.capitalize(),
            "type": "file",
            "disableDeletion": True,
            "allowUiUpdates": False,
            "options": {"path": f"/etc/grafana/dashboards/{name}"},
        }
        for name in ("figures", "operation")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "RUN groupadd --system --gid 10001 workforce",
        "useradd --system --uid 10001 --gid workforce --no-create-home --shell /usr/sbin/nologin workforce",
        "RUN /opt/workforce/bin/python -m compileall -q .",
        "pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/runtime.lock",
        "WORKDIR /srv/workforce",
    ],
)
def test_the_image_has_an_account_without_a_shell_and_all_that_is_written_when_it_is_built(line: str) -> None:
    assert line in (REPOSITORY / "deploy/images/Dockerfile").read_text(encoding="utf-8")


def test_the_image_writes_nothing_when_it_runs_and_says_all_at_once() -> None:
    text = (REPOSITORY / "deploy/images/Dockerfile").read_text(encoding="utf-8")
    assert dict(re.findall(r"^ENV (\w+)=(\S+)$", text, re.MULTILINE)) == {
        "PATH": "/opt/workforce/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def test_the_build_leaves_out_what_python_compiled_here() -> None:
    path: Path = REPOSITORY / "deploy/images/Dockerfile.dockerignore"
    assert path.read_text(encoding="utf-8").splitlines()[-1] == "**/__pycache__"
