"""How a report is sent, listed, opened and compared.

Invariant: every figure leads to what is behind it, as known and accepted when its report was made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contracts.envelope import format_instant
from services.chassis.problems import Problem, in_words
from services.metrics.api.asking import address
from services.metrics.api.files import Lines
from services.metrics.api.parameters import instants_json
from services.metrics.api.published_files import KEEP_APART
from services.metrics.api.report_schemas import NewReport
from services.metrics.kept import KeptDatabase
from services.metrics.reports.figures import (
    OF_THE_REPORT,
    PATHS,
    Difference,
    Figure,
    Question,
    compared,
    digest_of,
    is_of_a_measure,
    is_series,
    paired,
)
from services.metrics.reports.store import Kept


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of a report and its answer, or the problem that it met."""

    question: Question
    body: dict[str, Any]
    figures: Sequence[Figure]
    problem: dict[str, Any] | None = None
    as_made: bool = True

    def judged(self, digest: str) -> "Answer":
        """The same, judged by the digest that its figures had when the report was made."""
        return replace(self, as_made=self.problem is None and digest_of(self.figures) == digest)


Opened = tuple[Kept, Sequence[Answer]]

# --- what is sent -----------------------------------------------------------------------------------------------------


def questions_of(new: NewReport) -> list[Question]:
    """The questions of a report that is to be made. Raises a 422 problem with all that is wrong with them."""
    faults: list[dict[str, str]] = []
    read: list[Question] = []
    for index, text in enumerate(new.questions):
        field, question = f"body.questions.{index}", Question.read(text)
        if question is None:
            expected = f"a path with its parameters, of {', '.join(PATHS)}"
            faults.append(
                {"field": field, "problem": "is not a question for figures", "expected": expected, "value": text}
            )
            continue
        names = [name for name, _ in question.parameters]
        for name in dict.fromkeys(names):
            if name in OF_THE_REPORT:
                expected = "no such parameter: authority and instants are those of the report"
                faults.append(
                    {"field": f"{field}.{name}", "problem": "is not said by a question", "expected": expected}
                )
            elif names.count(name) > 1:
                faults.append(
                    {"field": f"{field}.{name}", "problem": "is given more than once", "expected": "one value"}
                )
        if question in read:
            faults.append(
                {"field": field, "problem": "is asked twice", "expected": "each question once", "value": text}
            )
        read.append(question)
    _refuse(faults)
    return read


def instants_of(new: NewReport, now: datetime) -> tuple[datetime, datetime]:
    """The two instants of the report. Raises a 422 problem for an instant that is to come, because it pins nothing."""
    faults = [
        {"field": f"body.{name}", "problem": "is to come", "expected": f"an instant up to {format_instant(now)}"}
        for name in ("as_known_at", "as_accepted_at")
        if (instant := getattr(new, name)) is not None and instant > now
    ]
    _refuse(faults)
    return new.as_known_at or now, new.as_accepted_at or now


def refuse_what_was_refused(answered: Sequence[Answer]) -> None:
    """Raises a 422 problem that says what is wrong with which question; 404 if nothing is known of the authority."""
    faults: list[dict[str, str]] = []
    for index, problem in ((index, each.problem) for index, each in enumerate(answered) if each.problem is not None):
        if problem["type"].endswith(":no-such-authority"):
            raise Problem(404, "no-such-authority", problem["title"], problem["detail"])
        field = f"body.questions.{index}"
        faults_of_it = problem.get("faults") or [{"problem": "cannot be answered", "expected": problem["detail"]}]
        faults += [
            fault | {"field": f"{field}.{fault['field']}" if "field" in fault else field} for fault in faults_of_it
        ]
    _refuse(faults)


def _refuse(faults: Sequence[dict[str, str]]) -> None:
    if faults:
        title = "The request is not as described"
        raise Problem(422, "request-refused", title, in_words(faults, 0), faults=list(faults))


def remarks(kept: KeptDatabase) -> list[str]:
    """What people who make a report should know about where it is kept."""
    if kept.is_apart:
        return []
    return [f"It is kept in metrics' own database, and gone when that is made again: {KEEP_APART}."]


# --- what is answered -------------------------------------------------------------------------------------------------


def instants_as_json(kept: Kept) -> dict[str, str]:
    """The two instants of a report, as questions take them."""
    return instants_json(kept.as_known_at, kept.as_accepted_at)


def _as_kept(kept: Kept) -> dict[str, Any]:
    made = {"made_by": kept.made_by, "made_at": format_instant(kept.made_at)}
    return {"report": kept.number, "name": kept.name} | made | instants_as_json(kept)


def as_listed(authority: str, kept: Kept, questions: int) -> dict[str, Any]:
    """A report as it is listed."""
    return _as_kept(kept) | {"questions": questions, "link": f"/v1/reports/{kept.number}?authority={authority}"}


def as_opened(authority: str, kept: Kept, answered: Sequence[Answer]) -> dict[str, Any]:
    """A report with its answers."""
    rows = []
    for each in answered:
        outcome = {"answer": each.body} if each.problem is None else {"problem": each.problem}
        rows.append({"question": str(each.question), "title": each.question.title, "as_made": each.as_made} | outcome)
    return {"authority": authority} | _as_kept(kept) | {"answers": rows}


def as_comparison(authority: str, earlier: Opened, later: Opened) -> dict[str, Any]:
    """Two reports beside each other, question by question and figure by figure."""
    before, after = earlier[1], later[1]
    pairs = []
    for old, new in paired([each.question for each in before], [each.question for each in after]):
        pair = (None if old is None else before[old], None if new is None else after[new])
        pairs.append(_as_pair(authority, earlier[0], later[0], *pair))
    figures = [figure for question in pairs for figure in question["figures"]]
    counted = {"count": len(figures), "differing": sum(1 for each in figures if each.get("difference") != 0)}
    both = {"earlier": _as_kept(earlier[0]), "later": _as_kept(later[0])}
    return {"authority": authority} | both | counted | {"questions": pairs}


def _as_pair(authority: str, earlier: Kept, later: Kept, before: Answer | None, after: Answer | None) -> dict[str, Any]:
    newest = after or before
    assert newest is not None  # noqa: S101  (one of them is there)
    figures = [[] if each is None else each.figures for each in (before, after)]
    sides = [(authority, earlier), (authority, later)]
    body: dict[str, Any] = {
        "title": newest.question.title,
        "earlier": None if before is None else str(before.question),
        "later": None if after is None else str(after.question),
        "figures": [
            _as_difference(each, *sides) for each in compared(*figures, of_a_series=is_series(newest.question))
        ],
    }
    is_of_one_time = before is not None and after is not None and before.question.time == after.question.time
    link = _changes(authority, earlier, later, newest) if is_of_one_time else None
    return body | ({"changes": link} if link else {})


def _as_difference(difference: Difference, earlier: tuple[str, Kept], later: tuple[str, Kept]) -> dict[str, Any]:
    of = difference.of
    body: dict[str, Any] = {"figure": of.name, "title": of.title, "unit": of.unit, "where": dict(of.where)}
    body |= {} if difference.difference is None else {"difference": difference.difference}
    for name, figure, side in (("earlier", difference.earlier, earlier), ("later", difference.later, later)):
        body[name] = None if figure is None else _as_side(figure, *side)
    return body


def _as_side(figure: Figure, authority: str, kept: Kept) -> dict[str, Any]:
    reason = {} if figure.reason is None or figure.value is not None else {"reason": figure.reason}
    behind = explained(figure, authority, kept)
    return {"value": figure.value, "time": dict(figure.time)} | reason | ({"explanation": behind} if behind else {})


def explained(figure: Figure, authority: str, kept: Kept) -> str | None:
    """The address of what is behind a figure, as known and accepted when its report was made."""
    if figure.explanation is None:
        return None
    parameters = dict(figure.explanation.parameters) | {"authority": authority} | instants_as_json(kept)
    return address(figure.explanation.path, parameters)


def _changes(authority: str, earlier: Kept, later: Kept, answer: Answer) -> str | None:
    """The address of what changed between two reports in a measure of one time; None of what is no such measure."""
    measure = is_of_a_measure(answer.question)
    if measure is None or is_series(answer.question):
        return None
    parameters = {name: value for name, value in answer.question.parameters if name in ("scope", "months", "above")}
    known = {"from_known": format_instant(earlier.as_known_at), "to_known": format_instant(later.as_known_at)}
    accepted = {
        "from_accepted": format_instant(earlier.as_accepted_at),
        "to_accepted": format_instant(later.as_accepted_at),
    }
    time = answer.question.time or dict(answer.figures[-1].time) if answer.figures else answer.question.time
    query = {"authority": authority, "measure": measure} | time | parameters | known | accepted
    return address("/v1/changes", query)


# --- as tables --------------------------------------------------------------------------------------------------------

_LISTED = ("report", "name", "made_by", "made_at", "as_known_at", "as_accepted_at", "questions")


def list_lines(rows: Sequence[dict[str, Any]]) -> Lines:
    """The reports as a table: one line each."""
    return _LISTED, ([row[name] for name in _LISTED] for row in rows)


def figure_lines(answered: Sequence[Answer]) -> Lines:
    """The figures of a report as a table: one line each."""
    heading = ("question", "figure", "title", "of", "from", "to", "as_at", "value", "unit", "reason")
    figures = ((each.question, figure) for each in answered for figure in each.figures)
    return heading, (
        [str(question), figure.name, figure.title, _of(figure.where), *_times(figure.time), *_value(figure)]
        for question, figure in figures
    )


def comparison_lines(body: dict[str, Any]) -> Lines:
    """Two reports as a table: one line a figure."""
    heading = ("figure", "title", "of", "unit", "earlier", "later", "difference")
    figures = (figure for question in body["questions"] for figure in question["figures"])
    return heading, (
        [figure["figure"], figure["title"], _of(tuple(figure["where"].items())), figure["unit"]]
        + [None if figure[side] is None else figure[side]["value"] for side in ("earlier", "later")]
        + [figure.get("difference")]
        for figure in figures
    )


def _of(where: Sequence[tuple[str, Any]]) -> str:
    """What a figure is of, in one cell: empty of a total."""
    return " ".join(f"{name}={'not-stated' if value is None else value}" for name, value in where)


def _times(time: Sequence[tuple[str, str]]) -> list[str | None]:
    return [dict(time).get(name) for name in ("from", "to", "as_at")]


def _value(figure: Figure) -> list[Any]:
    return [figure.value, figure.unit, figure.reason]
