"""The settings of `make up`: environment variables `WORKFORCE_…`.

Invariant: each wrong setting and each taken port is reported in one line, before anything is started.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.catalogue import METRICS, PEOPLE, RECRUITMENT, RETENTION
from deploy.embedded.processes import LOOPBACK, PartFailed, can_listen, free_port
from deploy.embedded.services import PREFIX, REPOSITORY
from services.chassis.settings import Settings, names_of_settings, unknown_settings
from services.metrics.app import ServiceSettings as MetricsSettings
from services.people.settings import ServiceSettings as PeopleSettings
from services.recruitment.app import ServiceSettings as RecruitmentSettings
from services.retention.app import ServiceSettings as RetentionSettings

SETTINGS: dict[str, type[Settings]] = {
    RECRUITMENT: RecruitmentSettings,
    RETENTION: RetentionSettings,
    METRICS: MetricsSettings,
    PEOPLE: PeopleSettings,
}


class EmbeddedSettings(BaseSettings):
    """The settings of `make up`. All else named `WORKFORCE_…` reaches the services that know it, as it stands."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    state: Path = Field(
        REPOSITORY / ".state", description="Folder that holds everything: data, logs. Delete it to start again."
    )
    host: str = Field(
        LOOPBACK, description="Address the services listen on; beyond this machine they ask for API keys."
    )
    metrics_port: int = Field(8100, ge=1, le=65535, description="Port of metrics: figures.")
    recruitment_port: int = Field(8101, ge=1, le=65535, description="Port of recruitment: posts, hiring, agency cover.")
    retention_port: int = Field(8102, ge=1, le=65535, description="Port of retention: leavers, panels, working life.")
    people_port: int = Field(8103, ge=1, le=65535, description="Port of people: extracts of HR systems, the register.")
    broker_port: int = Field(0, ge=0, le=65535, description="Port of the embedded broker; 0 takes a free one.")
    kafka_servers: str | None = Field(
        None, description="host:port of a Kafka of yours, instead of the embedded broker."
    )
    database_url_recruitment: str | None = Field(None, description="A PostgreSQL database of yours: postgresql://…")
    database_url_retention: str | None = Field(None, description="The same for retention.")
    database_url_metrics: str | None = Field(None, description="The same for metrics.")
    database_url_people: str | None = Field(None, description="The same for people.")
    benchmarks_database_url: str | None = Field(None, description="The same for what DfE published.")
    api_key: str | None = Field(
        None, description="Key to load, read and attest with, where WORKFORCE_API_KEYS asks for one."
    )

    @property
    def service_ports(self) -> dict[str, int]:
        """The port of each service."""
        return {
            RECRUITMENT: self.recruitment_port,
            RETENTION: self.retention_port,
            METRICS: self.metrics_port,
            PEOPLE: self.people_port,
        }

    @property
    def database_urls(self) -> dict[str, str | None]:
        """The database of each service, None where the embedded PostgreSQL is to hold it."""
        return {
            RECRUITMENT: self.database_url_recruitment,
            RETENTION: self.database_url_retention,
            METRICS: self.database_url_metrics,
            PEOPLE: self.database_url_people,
        }

    @property
    def listening_ports(self) -> dict[str, int]:
        """The ports that will be listened on, by the setting that gives each."""
        ports = {f"{name}_port": port for name, port in self.service_ports.items()}
        if self.kafka_servers is None and self.broker_port:
            ports["broker_port"] = self.broker_port
        return {PREFIX + setting.upper(): port for setting, port in ports.items()}

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        taken: dict[int, str] = {}
        for setting, port in self.listening_ports.items():
            if port in taken:
                raise ValueError(f"{setting} and {taken[port]} are both {port}; give one of them another port")
            taken[port] = setting
        return self


def read_settings() -> EmbeddedSettings:
    """The settings from the environment. Raises PartFailed with one line for each thing wrong."""
    try:
        return EmbeddedSettings()
    except ValidationError as error:
        lines = [
            f"{PREFIX}{str(item['loc'][0]).upper()}: {item['msg']}"
            if item["loc"]
            else item["msg"].removeprefix("Value error, ")
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise PartFailed("\n".join(lines)) from None


OF_SERVICES = {name: names_of_settings(kind) for name, kind in SETTINGS.items()}
"""The settings that each service knows."""
OF_OTHERS = frozenset({f"{PREFIX}SHARED_DATA", f"{PREFIX}SEED", f"{PREFIX}EXAMPLES"}) | frozenset(
    {f"{PREFIX}AUTHORITY", f"{PREFIX}SERVICE", f"{PREFIX}PEOPLE_URL"}
)
"""What the tests are told by, and the command `workforce`."""


def unknown_to_all(given: Iterable[str]) -> list[str]:
    """A line for each variable WORKFORCE_… that neither `make up` nor any service knows, with what may be meant."""
    known = names_of_settings(EmbeddedSettings) | OF_OTHERS | frozenset().union(*OF_SERVICES.values())
    return [
        f"{name}: there is no such setting" + (f"; is {meant} meant?" if meant else "")
        for name, meant in unknown_settings(known, given).items()
    ]


def inherited_by(service: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What a service is given of an environment: of the variables WORKFORCE_… those that it knows."""
    return {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith(PREFIX) or name.upper() in OF_SERVICES[service]
    }


def check_ports(settings: EmbeddedSettings) -> None:
    """Raises PartFailed, with one line for each port that something else listens on and the setting that changes it."""
    taken = [
        f"port {port} is taken by another program: choose another with {setting}, as {setting}={free_port()} make up"
        for setting, port in settings.listening_ports.items()
        if not can_listen(port, settings.host)
    ]
    if taken:
        raise PartFailed("\n".join(taken))


def settings_help() -> str:
    """Every setting with its default, for --help."""
    lines = []
    for name, field in EmbeddedSettings.model_fields.items():
        default = "" if field.default is None else f" [{_short(field.default)}]"
        lines.append(f"  {PREFIX + name.upper():<36} {field.description}{default}")
    keys = "JSON list of the keys of all services; python -m services.chassis.keys makes one."
    lines.append(f"  {PREFIX + 'API_KEYS':<36} {keys}")
    return "\n".join(lines)


def _short(default: object) -> object:
    return default.relative_to(REPOSITORY) if isinstance(default, Path) else default
