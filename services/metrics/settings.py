"""What metrics can be told beside what every service can.

Invariant: the defaults fit the container of docker-compose.yml, and let every question through that people have.
"""

import json
from collections import Counter
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import NoDecode

from contracts.values import AUTHORITY_PATTERN
from services.chassis.authentication import Right
from services.chassis.settings import Settings

SAFE_ADDRESS = r"^(https://|http://(127\.0\.0\.1|localhost)[:/])"
"""How an address begins to which somebody may be sent who signs in: nobody on the way can read or change it."""
Code = Annotated[str, Field(pattern=AUTHORITY_PATTERN)]


class GroupSettings(BaseModel):
    """What the members of a group of the council's accounts may."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: Annotated[str, Field(min_length=1, max_length=200)]
    authority: Annotated[str, Field(pattern=r"^([0-9]{3}|\*)$")]
    rights: tuple[Right, ...]

    @field_validator("rights")
    @classmethod
    def _reads(cls, rights: tuple[Right, ...]) -> tuple[Right, ...]:
        if Right.READ not in rights:
            raise ValueError("must hold read: who signs in looks at figures")
        return rights


class OpenIdConnectSettings(BaseModel):
    """The provider of the council's accounts, and who of them may what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Annotated[str, Field(pattern=SAFE_ADDRESS)]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretStr
    address: Annotated[str, Field(pattern=r"^https?://[^/?#]+/?$")]
    """Where people reach the pages, as https://figures.council.example."""
    groups: Annotated[tuple[GroupSettings, ...], Field(min_length=1)]
    groups_claim: str = "groups"
    name_claim: str = "sub"
    """By what somebody is called in logs and beside reports; `sub` tells nobody's name."""
    scope: Annotated[str, Field(pattern=r"(^| )openid( |$)")] = "openid"

    @field_validator("groups")
    @classmethod
    def _name_each_once(cls, groups: tuple[GroupSettings, ...]) -> tuple[GroupSettings, ...]:
        twice = [name for name, count in Counter(group.group for group in groups).items() if count > 1]
        if twice:
            raise ValueError(f"name {', '.join(map(repr, twice))} more than once: a group has one authority and rights")
        return groups


class ServiceSettings(Settings):
    """Settings of metrics."""

    port: int = 8100
    benchmarks_database_url: str | None = Field(
        None,
        pattern="^postgres(ql)?://",
        description="Where is kept what no event brings back: what DfE published (releases, neighbours), and reports. "
        "A PostgreSQL database of its own, that a rebuild of metrics leaves alone. In the service's own database, and "
        "lost with it, if left out.",
    )
    statistical_neighbours: Annotated[dict[Code, tuple[Code, ...]], NoDecode] = Field(
        {},
        description="JSON: the statistical neighbours of authorities by three-digit code, to compare with where a "
        'request names none, as {"331": ["825", "908"]}.',
    )
    memory_budget_mb: int = Field(
        384,
        ge=1,
        description="Megabytes (of a million bytes) of events, snapshots and columns that are kept to answer from. The "
        "process itself takes about 100 more, and each question that is being answered what it is about.",
    )
    largest_question: int = Field(
        150_000_000,
        ge=1,
        description="The most that one question may cost, in steps (a million take about a second). What would cost "
        "more is refused before it is worked out.",
    )
    largest_effects_batch: int = Field(
        10_000, ge=1, description="Most events in one question of what events would do to the figures (/v1/effects)."
    )
    waiting_questions: int = Field(
        32, ge=1, description="Questions of one caller that may wait; of all callers together eight times as many."
    )

    reporting_every_seconds: int | None = Field(
        None,
        ge=1,
        description="How often figures of authorities whose events have changed are written into the schema reporting, "
        "for dashboards; not at all if left out. Of several replicas one is enough.",
    )
    session_secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="What sessions of the pages are signed with: 32 characters or more, the same for every replica. If "
        "left out it is made again at each start, which ends the sessions.",
    )

    openid_connect: Annotated[OpenIdConnectSettings | None, NoDecode] = Field(
        None,
        description="JSON: signing in to the pages by the council's own accounts (OpenID Connect), and which of their "
        "groups may what; the runbook tells how to write it. By key alone if left out.",
    )

    @field_validator("statistical_neighbours", "openid_connect", mode="before")
    @classmethod
    def _may_be_empty(cls, written: object, info: ValidationInfo) -> object:
        """So that docker-compose.yml can pass on what .env may leave out."""
        if not isinstance(written, str):
            return written
        try:
            return json.loads(written) if written else cls.model_fields[str(info.field_name)].default
        except ValueError:
            raise ValueError("is not JSON") from None

    @field_validator("statistical_neighbours")
    @classmethod
    def _is_no_neighbour_of_itself(cls, neighbours: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for authority, others in neighbours.items():
            if authority in others or len(set(others)) != len(others):
                raise ValueError(f"the neighbours of {authority} must be others, each once")
        return neighbours

    @model_validator(mode="after")
    def _some_must_sign_in(self) -> "ServiceSettings":
        if self.openid_connect is not None and not self.api_keys:
            raise ValueError(
                "openid_connect needs api_keys: without keys everybody on this machine may read, and nobody signs in"
            )
        return self
