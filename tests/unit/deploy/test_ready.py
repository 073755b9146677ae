"""The container's health check: good when the service says that it is ready, and then alone."""

import pytest

from deploy.embedded.processes import free_port
from deploy.images import ready
from tests.unit.deploy.answering import answering


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1), (204, 1)])
def test_the_check_is_good_when_the_service_is_ready(
    status: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(lambda asked: (status, "" if status == 204 else f"it says {status}")) as service:
        assert ready.main([service.url.rpartition(":")[2]]) == code
    assert [asked.path for asked in service.asked] == ["/health/ready"]
    # What the service says is kept by the engine.
    assert capsys.readouterr().out == ("\n" if status == 204 else f"it says {status}\n")


def test_no_answer_is_no_good_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert ready.main([str(free_port())]) == 1
    assert capsys.readouterr().out.startswith("no answer: ")
