"""What metrics can be told beside what every service can.

Invariant: the defaults fit the container of docker-compose.yml, and let every question through that people have.
"""

import json
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from contracts.values import AUTHORITY_PATTERN
from services.chassis.settings import Settings

Code = Annotated[str, Field(pattern=AUTHORITY_PATTERN)]


class ServiceSettings(Settings):
    """Settings of metrics."""

    port: int = 8100
    benchmarks_database_url: str | None = Field(
        None,
        pattern="^postgres(ql)?://",
        description="Where what DfE published is kept, releases and neighbours: a PostgreSQL database of its own, that "
        "a rebuild of metrics leaves alone. In the service's own database, and lost with it, if left out.",
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

    session_secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="What sessions of the pages are signed with: 32 characters or more, the same for every replica. If "
        "left out it is made anew at each start, which ends the sessions.",
    )

    @field_validator("statistical_neighbours", mode="before")
    @classmethod
    def _may_be_empty(cls, written: object) -> object:
        """So that docker-compose.yml can pass on what .env may leave out."""
        if not isinstance(written, str):
            return written
        try:
            return json.loads(written or "{}")
        except ValueError:
            raise ValueError("is not JSON") from None

    @field_validator("statistical_neighbours")
    @classmethod
    def _is_no_neighbour_of_itself(cls, neighbours: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for authority, others in neighbours.items():
            if authority in others or len(set(others)) != len(others):
                raise ValueError(f"the neighbours of {authority} must be others, each once")
        return neighbours
