"""Questions put to the running system, as anybody would put them.

Invariant: an answer is read as it stands: a count by its exact amount, a rate as it is shown.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from tests.integration.feed import Feed
from tests.worked.answers import Exact, as_shown
from tests.worked.example import OfCohort, Question


def ask(metrics: Feed, question: Question, authority: str) -> dict[str, Any]:
    """The body of the answer."""
    answer = metrics.get(f"/v1/measures/{question.measure}?{urlencode(_parameters(question, authority))}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def cohort(metrics: Feed, question: OfCohort, authority: str) -> tuple[dict[str, Any], dict[int, float]]:
    """What the running system says of a cohort: its row, and the share that stay by the days on which somebody left."""
    asked = {"authority": authority, "as_at": question.as_at}
    answer = metrics.get(f"/v1/academy/cohorts?{urlencode(asked)}")
    assert answer.status_code == 200, answer.text
    (row,) = (row for row in answer.json()["rows"] if row["cohort"] == question.cohort)
    of_cohort = {**asked, "of": "academy-members", "cohort": question.cohort, "points": "days"}
    curve = metrics.get(f"/v1/survival?{urlencode(of_cohort)}")
    assert curve.status_code == 200, curve.text
    return row, {point["days"]: point["survival"] for point in curve.json()["points"] if point["left"]}


def _parameters(question: Question, authority: str) -> dict[str, str]:
    stated = {
        **_time(question.time),
        "authority": authority,
        "scope": question.scope,
        "by": ",".join(question.by),
        "as_known_at": question.known,
        "as_accepted_at": question.accepted,
        "months": question.months,
        "above": question.above,
        "planned": "true" if question.planned else None,
        **{name: "not-stated" if value is None else value for name, value in question.where.items()},
    }
    stated |= {} if question.as_at is None else {"as_at": question.as_at}
    return {name: str(value) for name, value in stated.items() if value not in (None, "")}


def _time(text: str) -> dict[str, str]:
    kind, _, year = text.partition(" ")
    if year:
        return {f"{kind}_year": year}
    first, _, last = text.partition("..")
    return {"from": first, "to": last} if last else {"as_at": first}


def says(body: dict[str, Any], shown: str, figure: Exact, unit: str, is_count: bool) -> bool:
    """Whether an answer, or a row of it, gives this figure: as it is shown and, of a count, exactly."""
    if isinstance(figure, str):
        return body[shown] is None and body["reason"] == figure
    rounded = as_shown(figure, unit)
    assert rounded is not None
    exactly = Fraction(body.get("exact", str(body[shown])))
    return Decimal(str(body[shown])) == rounded and (not is_count or exactly == figure)


def rows_of(body: dict[str, Any], by: tuple[str, ...]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows that say anything, by their dimensions."""
    return {tuple(row[name] for name in by): row for row in body["rows"] if row["value"] or "exact" in row}
