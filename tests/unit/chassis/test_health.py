"""What a process says of its database before it has its tables."""

from types import SimpleNamespace
from typing import Any, cast

from services.chassis.health import Health


def test_a_database_that_answers_but_is_not_set_up_yet_is_told_as_away() -> None:
    runtime = SimpleNamespace(is_set_up=False)
    health = Health(cast(Any, runtime))
    health.database_answered()
    assert health.database_away() == "PostgreSQL answers, and the database is being set up"
    runtime.is_set_up = True
    assert health.database_away() is None
