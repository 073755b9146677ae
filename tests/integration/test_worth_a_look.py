"""The answers that `make up` shows the way to, asked of the demonstration that it loads."""

import pytest

from deploy.embedded.__main__ import WORTH_A_LOOK
from tests.integration.feed import Feed


@pytest.mark.parametrize("path", [path for _, path in WORTH_A_LOOK])
def test_what_is_worth_a_look_is_there(demonstration: Feed, path: str) -> None:
    answer = demonstration.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.json()
