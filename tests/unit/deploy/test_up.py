"""What `make up` does with the demonstration, says, and ends with; the parts it starts are in test_starting.py.

Invariant: nothing is started, and no signal of the tests' own process is listened to.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from deploy.embedded import __main__ as up
from deploy.embedded.feeding import Held
from deploy.embedded.processes import PartFailed
from deploy.embedded.settings import EmbeddedSettings
from deploy.embedded.vacancy_table import Column

HISTORY = [{"id": "1"}, {"id": "2"}]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order. The table is read with the key that is shown."""
    done: list[str] = []

    def read_columns(url: str, headers: dict[str, str]) -> list[Column]:
        done.append(f"reads {url} with {headers}")
        return [Column("vacancies", {"social-worker": 22.0}, 52.0)]

    monkeypatch.setattr(up, "_load", lambda history, *_: done.append(f"loads {len(history)}"))
    monkeypatch.setattr(up, "_wait_until_taken_in", lambda _: done.append("waits"))
    monkeypatch.setattr(up, "read_columns", read_columns)
    monkeypatch.setattr(up, "STOP_SIGNALS", ())
    return done


def demonstrate(monkeypatch: pytest.MonkeyPatch, already_held: Held) -> str:
    """What is said where the journals hold this of the demonstration."""

    async def held(history: Any, urls: Any) -> Held:
        assert (history, urls) == (HISTORY, {"recruitment": "postgresql:///"})
        return already_held

    monkeypatch.setattr(up, "held", held)
    system = SimpleNamespace(
        database_urls={"recruitment": "postgresql:///"}, services={"metrics": SimpleNamespace(url="http://metrics")}
    )
    screen = io.StringIO()
    is_shown = up._demonstrate(HISTORY, system, EmbeddedSettings(api_key="k"), Console(file=screen, width=120))  # type: ignore[arg-type]
    assert is_shown is (already_held is not Held.OTHER)
    return screen.getvalue()


@pytest.mark.parametrize("already_held", [Held.NOTHING, Held.PART])
def test_what_is_not_all_there_is_loaded_and_the_table_shown(
    done: list[str], monkeypatch: pytest.MonkeyPatch, already_held: Held
) -> None:
    said = demonstrate(monkeypatch, already_held)
    assert done == ["loads 2", "waits", "reads http://metrics with {'Authorization': 'Bearer k'}"]
    assert "22" in said
    assert "adds up to 29, as here" in said


def test_what_is_all_there_is_shown_at_once(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "52" in demonstrate(monkeypatch, Held.ALL)
    assert done == ["waits", "reads http://metrics with {'Authorization': 'Bearer k'}"]


def test_among_other_events_the_demonstration_is_not_loaded(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    said = demonstrate(monkeypatch, Held.OTHER)
    assert said == "the demonstration is not loaded: the system holds other events\n"
    assert done == []


def test_it_waits_until_every_accepted_event_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    counting: Iterator[int] = iter([0, 4, 5, 99])
    looked: list[str] = []

    async def events_accepted(urls: dict[str, str]) -> int:
        assert urls == {"metrics": "postgresql:///metrics"}
        return 5

    async def events_counting(url: str) -> int:
        assert url == "postgresql:///metrics"
        return next(counting)

    class Metrics:
        def wait_until(self, ready: Any, what: str, seconds: float) -> None:
            assert (what, seconds) == ("has taken in the 5 events", 300.0)
            while not ready():
                pass

    monkeypatch.setattr(up, "events_accepted", events_accepted)
    monkeypatch.setattr(up, "events_counting", events_counting)
    system = SimpleNamespace(
        database_urls={"metrics": "postgresql:///metrics"},
        services={"metrics": SimpleNamespace(process=Metrics())},
        assert_running=lambda: looked.append("all run"),
    )
    up._wait_until_taken_in(system)  # type: ignore[arg-type]
    assert next(counting) == 99
    # Whether a part died is looked at each time.
    assert looked == ["all run"] * 3


def test_a_part_that_died_while_events_were_sent_is_told_before_the_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def feed(*_: Any) -> None:
        raise PartFailed("recruitment could not be reached")

    def assert_running() -> None:
        raise PartFailed("recruitment was killed by signal 9")

    monkeypatch.setattr(up, "feed", feed)
    system = SimpleNamespace(services={}, assert_running=assert_running)
    with pytest.raises(PartFailed, match="killed by signal 9"):
        up._load(HISTORY, system, EmbeddedSettings(), Console(file=io.StringIO()))  # type: ignore[arg-type]


def test_what_is_loaded_goes_to_the_services_with_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(up, "feed", lambda *given: sent.append(given[:3]))
    system = SimpleNamespace(services={"recruitment": SimpleNamespace(url="http://r")})
    up._load(HISTORY, system, EmbeddedSettings(api_key="k"), Console(file=io.StringIO()))  # type: ignore[arg-type]
    assert sent == [(HISTORY, {"recruitment": "http://r"}, "k")]


def where_to_go(worth_a_look: Sequence[tuple[str, str]]) -> list[str]:
    services = {name: SimpleNamespace(url=f"http://{name}") for name in ("recruitment", "metrics")}
    screen = io.StringIO()
    system = SimpleNamespace(services=services)
    up._show_where_to_go(system, Console(file=screen, width=40), worth_a_look)  # type: ignore[arg-type]
    return screen.getvalue().splitlines()


def test_where_to_go_next_is_shown_with_the_addresses() -> None:
    lines = where_to_go(up.WORTH_A_LOOK)
    assert lines[1] == "the figures on pages: http://metrics/"
    figure = "  a figure of the table: http://metrics/v1/measures/vacancies?authority=331&as_at=2023-10-31&by=role"
    assert figure in lines
    assert "  API docs of recruitment: http://recruitment/docs" in lines
    assert "  AsyncAPI docs of metrics: http://metrics/asyncapi" in lines
    assert "  metrics for Prometheus of metrics: http://metrics/metrics" in lines
    assert lines[-1] == "running; Ctrl-C stops it"
    # Without the demonstration nothing is shown that would find nothing.
    assert [line for line in where_to_go(()) if "/v1/" in line] == []
    assert where_to_go(())[4] == "  API docs of recruitment: http://recruitment/docs"


def test_one_older_log_of_each_part_is_kept(tmp_path: Path) -> None:
    (tmp_path / "metrics.log").write_text("yesterday")
    (tmp_path / "metrics.log.before").write_text("the day before")
    up._keep_one_older_log(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.log.before"]
    assert (tmp_path / "metrics.log.before").read_text() == "yesterday"


@pytest.mark.parametrize(
    ("arguments", "loaded", "until"),
    [([], True, None), (["--no-demonstration"], False, None), (["--ending", "2025-09-30"], True, "2025-10-01")],
)
def test_what_is_loaded_is_what_was_asked_for(
    done: list[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], loaded: bool, until: str | None
) -> None:
    def run(settings: EmbeddedSettings, history: Any, console: Console) -> None:
        assert (history is not None) == loaded
        if history is not None:
            assert (history.keywords["until"] and f"{history.keywords['until']:%Y-%m-%d}") == until
        done.append("ran")

    monkeypatch.setattr(up, "_run", run)
    assert up.main(arguments) == 0
    assert done == ["ran"]


def test_being_asked_to_stop_is_a_good_end_and_a_part_that_fails_is_not(
    done: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(*_: Any) -> None:
        raise up._StopRequested

    def failed(*_: Any) -> None:
        raise PartFailed("metrics [died]")

    monkeypatch.setenv("WORKFORCE_METRIC_PORT", "9100")
    monkeypatch.setattr(up, "_run", asked)
    assert up.main([]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "WORKFORCE_METRIC_PORT: there is no such setting; is WORKFORCE_METRICS_PORT meant?",
        "stopped; `make up` starts it again with all it holds",
    ]
    monkeypatch.setattr(up, "_run", failed)
    assert up.main([]) == 1
    assert capsys.readouterr().err == "metrics [died]\n"
