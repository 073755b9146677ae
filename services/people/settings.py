"""Settings of people: those of every service, where the doors are, and the keys of the register.

Invariant: a key is never in a message; without keys the service does not start.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from contracts.catalogue import PEOPLE, RECRUITMENT, RETENTION
from services.chassis.settings import LimitSettings, Settings
from services.people.register.keys import Keyring, as_key

NAME = PEOPLE
LARGEST_FILE = 64_000_000


class MasterKey(BaseModel):
    """A key that the keys of persons and files are wrapped by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    key: SecretStr

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, key: SecretStr) -> SecretStr:
        as_key(key.get_secret_value())
        return key


class ServiceSettings(Settings):
    """Settings of people."""

    port: int = 8103
    recruitment_url: str = Field("http://127.0.0.1:8101", pattern="^https?://", description="Where recruitment is.")
    retention_url: str = Field("http://127.0.0.1:8102", pattern="^https?://", description="Where retention is.")
    metrics_url: str = Field("http://127.0.0.1:8100", pattern="^https?://", description="Where metrics is.")
    door_key: SecretStr | None = Field(
        None, description="API key of the others, with the rights `feed`, `attest` and `read`; none on loopback."
    )
    door_batch: int = Field(250, ge=1, le=10_000, description="Most events sent to a door in one request.")
    master_keys: tuple[MasterKey, ...] = Field(
        min_length=1,
        description="JSON list of keys, the newest first; `python -m services.people.register.keys` makes them.",
    )
    pseudonym_key: SecretStr = Field(description="What workers' ids are made with; another one makes others of all.")
    largest_file_bytes: int = Field(LARGEST_FILE, ge=1000, description="Most bytes of one extract.")
    rows_kept_days: int = Field(90, ge=1, description="Days that the answer to each row of a file can be asked for.")
    limits: LimitSettings = Field(
        LimitSettings(bodies_bytes=2 * LARGEST_FILE),
        description="What requests and connections may take: `WORKFORCE_LIMITS__…`.",
    )

    @field_validator("pseudonym_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr) -> SecretStr:
        as_key(key.get_secret_value())
        return key

    @property
    def keyring(self) -> Keyring:
        """The keys, ready for use."""
        masters = {key.id: as_key(key.key.get_secret_value()) for key in self.master_keys}
        return Keyring(masters, as_key(self.pseudonym_key.get_secret_value()))

    @property
    def doors(self) -> dict[str, str]:
        """The address of each service whose door events go to."""
        return {RECRUITMENT: self.recruitment_url, RETENTION: self.retention_url}
