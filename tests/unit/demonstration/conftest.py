"""The history under test, made once."""

import pytest

from deploy.demonstration import history
from tests.unit.demonstration.counting import Event


@pytest.fixture(scope="session")
def events() -> list[Event]:
    """The demonstration authority's history, in the order of recording."""
    return history()
