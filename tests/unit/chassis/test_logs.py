"""Logs: one JSON object a line, the libraries' as well."""

import json
import subprocess
import sys

from deploy.embedded.services import REPOSITORY
from services.chassis.logs import without_details

SPEAKING = """
import logging
from services.chassis.logs import configure_logs, get_log
configure_logs("recruitment", "INFO")
log = get_log("services.chassis.intake")
log.info("accepted", event_id="E-1", authority="331")
log.debug("not asked for")
logging.getLogger("uvicorn.error").warning("a line of a library, %s", "with quotes \\" and\\na break")
logging.getLogger("aiokafka.consumer").error("reconnecting")
try:
    1 / 0
except ZeroDivisionError as error:
    log.error("request failed", path="/v1/events", exc_info=error)
"""


def test_every_line_is_a_json_object_that_says_when_who_and_what() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPEAKING], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["message"] for line in lines] == [
        "accepted",
        'a line of a library, with quotes " and\na break',
        "request failed",
    ]
    accepted, library, failed = lines
    assert (accepted["event_id"], accepted["authority"]) == ("E-1", "331")
    assert (library["logger"], library["level"]) == ("uvicorn.error", "warning")
    assert "ZeroDivisionError" in failed["exception"]
    for line in lines:
        assert line["service"] == "recruitment"
        assert line["timestamp"].endswith("Z")
        assert line["level"] in ("info", "warning", "error")


def test_what_postgresql_tells_of_a_failing_row_is_left_out() -> None:
    told = 'null value in column "role"\nDETAIL:  Failing row contains (331, W-1, 0.6).\nHINT: none'
    assert without_details(told) == 'null value in column "role"\nHINT: none'


def test_what_postgresql_tells_of_a_row_is_left_out_however_it_is_indented() -> None:
    told = "violates a constraint\nDETAIL: the row\n  DETAIL: the row\n\tDETAIL: again\nHINT: look at DETAIL:"
    assert without_details(told) == "violates a constraint\nHINT: look at DETAIL:"
