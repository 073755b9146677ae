"""Settings of a service, read from environment variables `WORKFORCE_…`, and nothing else.

Invariant: a service that is told to listen beyond this machine does not start without API keys.
"""

import ipaddress
from collections.abc import Iterable
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from contracts.near_names import near
from services.chassis.authentication import ApiKey

PREFIX = "WORKFORCE_"


class SettingsRefused(Exception):
    """Raised for settings that are missing or wrong. Its text is for the person who starts the service."""


class DeliverySettings(BaseModel):
    """How patient a consumer is with records it cannot take in."""

    model_config = ConfigDict(frozen=True)

    attempts: int = Field(3, ge=1, description="Tries for a record that fails before it becomes a dead letter.")
    backoff_seconds: float = Field(0.2, gt=0, description="Wait before the second try; doubles with each further one.")
    longest_backoff_seconds: float = Field(5.0, gt=0, description="The longest wait between two tries.")
    dead_letters_in_a_row: int = Field(
        100, ge=1, description="So many dead letters of a partition one after another halt it."
    )
    dead_letters_share: float = Field(
        0.5, gt=0, le=1, description="So large a share of dead letters among a partition's last 1,000 records halts it."
    )
    catching_up_records: int = Field(
        2000, ge=1, description="With more records behind, what follows from them is derived later, once."
    )


class LimitSettings(BaseModel):
    """The limits of one request, of one connection, and of all of them together."""

    model_config = ConfigDict(frozen=True)

    head_bytes: int = Field(16_384, ge=1000, description="Most bytes in the request line and headers of a request.")
    headers: int = Field(100, ge=20, description="Most headers in one request.")
    url_bytes: int = Field(8_000, ge=500, description="Most bytes in the path and query of a request.")
    parameters: int = Field(100, ge=20, description="Most query parameters in one request.")
    bodies_bytes: int = Field(64_000_000, ge=2000, description="Most bytes of bodies being read or answered at a time.")
    unread_bytes: int = Field(64_000_000, ge=1000, description="Most bytes of answers that wait for their readers.")
    connections: int = Field(500, ge=10, description="Most connections at a time; the longest idle makes room.")
    head_seconds: float = Field(10.0, gt=0, description="How long a request line and headers may take to come.")
    idle_seconds: int = Field(20, ge=1, description="How long a connection may be idle between two requests.")
    slow_seconds: float = Field(20.0, gt=0, description="Bodies and answers are looked at for so long at a time…")
    slowest_bytes_per_second: int = Field(500, ge=0, description="…and must get on by so many bytes a second in it.")


class Settings(BaseSettings):
    """The settings of every service. Each service's own class gives its port."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", frozen=True)

    database_url: str = Field(
        pattern="^postgres(ql)?://", description="Where this service's own PostgreSQL database is: postgresql://…"
    )
    kafka_servers: str = Field("127.0.0.1:9092", description="Kafka's host:port, several with commas.")
    kafka_idempotent_producer: bool = Field(True, description="Off only for the embedded broker, which knows none.")
    kafka_create_topics: bool = Field(True, description="Make the topics of the catalogue that are missing.")
    kafka_replication_factor: int = Field(1, ge=1, description="Copies of each topic that is made.")
    host: str = Field("127.0.0.1", description="Address to listen on; beyond loopback, keys are needed.")
    port: int = Field(8100, description="Port to listen on, 1 to 65535.")
    api_keys: tuple[ApiKey, ...] = Field((), description="JSON list; `python -m services.chassis.keys` makes entries.")
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="The least that is logged: DEBUG to ERROR."
    )
    database_connections: int = Field(8, ge=2, description="Most connections to PostgreSQL at once.")
    largest_request_bytes: int = Field(8_000_000, ge=1000, description="Most bytes in the body of one request.")
    largest_batch: int = Field(1000, ge=1, description="Most events in one request.")
    stalled_seconds: float = Field(60.0, gt=0, description="Records waiting and no progress for so long: not alive.")
    late_seconds: float = Field(10.0, gt=0, description="Events known to be missing for so long: not ready.")
    delivery: DeliverySettings = Field(
        DeliverySettings(), description="How patient its consumer is: `WORKFORCE_DELIVERY__…`."
    )
    limits: LimitSettings = Field(
        LimitSettings(), description="What requests and connections may take: `WORKFORCE_LIMITS__…`."
    )

    @property
    def listens_beyond_this_machine(self) -> bool:
        """Whether others than this machine can reach the service."""
        if self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True

    @field_validator("port")
    @classmethod
    def _is_a_port(cls, port: int) -> int:
        # Not bounds of the field: each service's class states its own default, and with it a new field.
        if not 1 <= port <= 65535:
            raise ValueError("must be a port from 1 to 65535")
        return port

    @model_validator(mode="after")
    def _a_request_fits(self) -> Self:
        if self.largest_request_bytes * 2 > self.limits.bodies_bytes:
            raise ValueError(
                f"{PREFIX}LIMITS__BODIES_BYTES must be twice {PREFIX}LARGEST_REQUEST_BYTES or more: a caller gets half"
            )
        return self

    @model_validator(mode="after")
    def _keys_beyond_loopback(self) -> Self:
        if self.listens_beyond_this_machine and not self.api_keys:
            raise ValueError(
                f"host {self.host} can be reached from other machines, so {PREFIX}API_KEYS must hold at least one key "
                "(make one with: python -m services.chassis.keys --help), or listen on 127.0.0.1"
            )
        return self


SomeSettings = TypeVar("SomeSettings", bound=Settings)


def names_of_settings(kind: type[BaseModel], before: str = PREFIX) -> frozenset[str]:
    """The environment variables that settings are read from; for settings with several parts, those of the parts
    too.
    """
    names = set()
    for name, field in kind.model_fields.items():
        variable = f"{before}{name.upper()}"
        names.add(variable)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names |= names_of_settings(field.annotation, f"{variable}__")
    return frozenset(names)


def unknown_settings(known: Iterable[str], given: Iterable[str]) -> dict[str, str | None]:
    """The variables WORKFORCE_… in `given` that are not `known`, each with the known one that may be meant."""
    names = [name.removeprefix(PREFIX) for name in sorted(known)]
    unknown: dict[str, str | None] = {}
    for variable in sorted(given):
        name = variable.upper().removeprefix(PREFIX)
        if variable.upper().startswith(PREFIX) and name not in names:
            meant = near(name, names)
            unknown[variable] = f"{PREFIX}{meant[0]}" if meant else None
    return unknown


def read_settings(kind: type[SomeSettings]) -> SomeSettings:
    """The settings of a service from the environment. Raises SettingsRefused with one line for each thing wrong."""
    try:
        return kind()
    except ValidationError as error:
        lines = []
        for item in error.errors(include_url=False, include_input=False):
            name = "__".join(str(part) for part in item["loc"]).upper()
            message = item["msg"].removeprefix("Value error, ")
            lines.append(f"{PREFIX}{name}: {message}" if name else message)
        raise SettingsRefused("\n".join(lines)) from None
    except SettingsError as error:
        # A setting of several parts is not JSON. What it holds may be secret; pydantic quotes the field's name alone.
        _, name, *_ = str(error).split('"')
        raise SettingsRefused(f"{PREFIX}{name.upper()}: is not JSON") from None
