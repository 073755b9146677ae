"""What an extract changes about one subject.

Invariant: the same rows a second time give no events. What an event states depends only on the rows and the state
before.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Any, cast

from pydantic import ValidationError

from contracts.refusal import refused_by
from services.people.differ import covers, holdings, posts
from services.people.differ.current_holdings import brought_up_to_date, by_holding, up_to_the_leaver
from services.people.differ.periods import Dated, Row, begins, not_backwards, periods
from services.people.differ.remembering import IN_THE_FILE, NOT_IN_THE_FILE, Remembering, ended_before
from services.people.differ.telling import statements_for
from services.people.facts import Difference, Fact, Note, SubjectState
from services.people.statements import (
    ChangeStated,
    CoverStated,
    Ending,
    Extract,
    History,
    HoldingStated,
    Kind,
    Policy,
    PostStated,
    RowFault,
    Statement,
)


def subject_of(statement: Statement) -> str:
    """The subject of a statement, such as `worker/W-0001`. All statements of one subject go to `difference`
    together.
    """
    match statement:
        case PostStated():
            return f"post/{statement.post}"
        case HoldingStated():
            return f"worker/{statement.worker}"
        case CoverStated():
            return f"cover/{statement.cover}"
        case ChangeStated():
            return f"{statement.data.subject_kind}/{statement.subject}"


def difference(
    before: SubjectState | None,
    statements: Sequence[Statement],
    extract: Extract,
    policy: Policy,
    *,
    incomplete: bool = False,
) -> Difference:
    """What is new in an extract about one subject. `statements` are all its rows, in any order.

    `incomplete`: other rows of the subject were rejected, so what its rows do not say stays. (A subject with all
    rows rejected is neither passed here nor missing.) A subject that was missing before is passed here even if its
    rows are unchanged.
    """
    before = before or SubjectState(subject_of(statements[0]))
    if extract.kind is Kind.CHANGES:
        changes = _stated_once([row for row in statements if isinstance(row, ChangeStated)])
        others_stay = incomplete or policy.history is History.CURRENT
        telling = statements_for(before.subject, before.facts, changes, extract, others_stay=others_stay)
        return Difference(SubjectState(before.subject, telling.facts), telling.events)
    rows, faults = not_backwards(cast(Sequence[Dated], statements))
    if policy.history is History.COMPLETE:
        rows, undated = _dated(rows)
        faults += undated
    return _of_rows(before, rows, faults, extract, policy, incomplete=incomplete or bool(faults))


def missing(before: SubjectState, extract: Extract, policy: Policy) -> Difference:
    """What it means that an extract no longer names a subject.

    For change files that name only what is new: nothing. For others it is a question, until the policy settles it.
    """
    if extract.kind is Kind.CHANGES and policy.history is History.CURRENT:
        return Difference(before)
    since = before.missing_since or extract.as_at
    count = before.missing + 1
    state = replace(
        before,
        missing=count,
        missing_since=since,
        remembered=tuple(replace(row, row=NOT_IN_THE_FILE) for row in before.remembered),
    )
    if not _is_a_question(before, extract, policy):
        return Difference(state)
    if policy.gone_after is None or count < policy.gone_after:
        text = f"is not in the file ({_so_many(count)} without it, since {since}); stays as it was"
        return Difference(state, notes=[Note(None, text)])
    if policy.history is History.COMPLETE:
        rows: list[Dated] = _kept(before, policy, ())
        text = f"should never have been: {_so_many(count)} without it, since {since}"
    else:
        rows = [ended for row in before.remembered if (ended := _ended(row, since)) is not None]
        text = f"ended on {since}, the day of the first of {_so_many(count)} without it"
    facts, _ = _facts_of(rows)
    telling = statements_for(before.subject, before.facts, facts, extract, others_stay=False)
    remembered = _to_remember(rows, policy)
    state = replace(
        state, facts=telling.facts, remembered=tuple(replace(row, row=NOT_IN_THE_FILE) for row in remembered)
    )
    return Difference(state, telling.events, [Note(None, text, since)])


def _so_many(count: int) -> str:
    return f"{count} extract{'' if count == 1 else 's'}"


def _of_rows(
    before: SubjectState,
    rows: list[Dated],
    faults: list[RowFault],
    extract: Extract,
    policy: Policy,
    *,
    incomplete: bool,
) -> Difference:
    notes: list[Note] = []
    try:
        if policy.history is History.COMPLETE:
            rows = [*_kept(before, policy, rows), *rows]
        else:
            rows = _with_remembered(before, rows, extract, policy, notes, incomplete=incomplete)
        facts, notes_on_facts = _facts_of(rows)
    except ValidationError as error:
        first = faults[0].row if faults else min((row.row for row in rows), default=0)
        refused = [RowFault(first, f.field, f.problem, f.expected, f.value) for f in refused_by(error, "", ()).faults]
        return Difference(before, faults=[*faults, *refused])
    others_stay = incomplete and policy.history is History.COMPLETE
    telling = statements_for(before.subject, before.facts, facts, extract, others_stay=others_stay)
    state = SubjectState(before.subject, telling.facts, _to_remember(rows, policy))
    return Difference(state, telling.events, [*notes, *notes_on_facts], faults)


# --- the rows of one subject ------------------------------------------------------------------------------------------


def _facts_of(rows: Sequence[Dated]) -> tuple[list[Fact], list[Note]]:
    if not rows:
        return [], []
    match rows[0]:
        case PostStated():
            return posts.facts_of(cast(Sequence[PostStated], rows)), []
        case CoverStated():
            return covers.facts_of(cast(Sequence[CoverStated], rows)), []
        case HoldingStated():
            return holdings.facts_of(cast(Sequence[HoldingStated], rows))


def _things(rows: Sequence[Dated]) -> list[list[Dated]]:
    """The rows grouped by the thing whose history they are: each holding of a worker, or the subject itself."""
    if rows and isinstance(rows[0], HoldingStated):
        return [list(of_holding) for of_holding in by_holding(cast(Sequence[HoldingStated], rows)).values()]
    return [list(rows)] if rows else []


def _with_remembered(
    before: SubjectState,
    rows: list[Dated],
    extract: Extract,
    policy: Policy,
    notes: list[Note],
    *,
    incomplete: bool,
) -> list[Dated]:
    """The rows said before, together with those current on the day of the extract."""
    content, constant = _CONTENT[extract.kind]
    reading = Remembering(extract.as_at, policy.begins, content, constant, before.missing_since, notes)
    remembered = list(before.remembered)
    if extract.kind is Kind.HOLDINGS:
        return list(
            brought_up_to_date(
                cast(list[HoldingStated], remembered),
                cast(list[HoldingStated], rows),
                reading,
                all_named=not incomplete,
            )
        )
    return reading.continued(remembered, rows)


_CONTENT: dict[Kind, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
    Kind.POSTS: (attrgetter(*posts.CONTENT), ()),
    Kind.HOLDINGS: (attrgetter(*holdings.CONTENT), holdings.CONSTANT),
    Kind.COVERS: (attrgetter(*covers.CONTENT), covers.CONSTANT),
}
"""By kind of file: the fields of a row that may change while it holds, and those that only its start states."""


def _kept(before: SubjectState, policy: Policy, rows: Sequence[Dated]) -> list[Dated]:
    """The earlier rows that ended before the file's history begins, and are therefore not in it."""
    old = list(before.remembered)
    if old and isinstance(old[0], HoldingStated):
        old = list(up_to_the_leaver(cast(list[HoldingStated], old)))
    in_the_file = {_begin_of(row) for row in rows}
    return [row for row in ended_before(old, policy.complete_from) if _begin_of(row) not in in_the_file]


def _begin_of(row: Dated) -> tuple[object, object]:
    return getattr(row, "holding", None), row.holds_from


def _to_remember(rows: Sequence[Dated], policy: Policy) -> tuple[Dated, ...]:
    """The rows that a later extract need not repeat, each with its end."""
    if policy.history is History.COMPLETE and policy.complete_from is None:
        return ()
    return tuple(
        replace(
            period.row,
            row=IN_THE_FILE if period.row.row else NOT_IN_THE_FILE,
            holds_until=period.until,
        )
        for thing in _things(rows)
        for period in periods(thing)
    )


def _is_a_question(before: SubjectState, extract: Extract, policy: Policy) -> bool:
    """Whether a fact of the subject stands that its absence from a file puts in doubt."""
    if not before.facts:
        return False
    rows = before.remembered
    if policy.history is History.COMPLETE:
        return policy.complete_from is None or len(_kept(before, policy, ())) < len(rows)
    if rows and isinstance(rows[0], HoldingStated):
        rows = tuple(up_to_the_leaver(cast(list[HoldingStated], rows)))
    return any(row.holds_until is None or row.holds_until > extract.as_at for row in rows)


def _ended(row: Row, day: date) -> Row | None:
    """A row, ended on a day because its subject is missing; None if it was to begin later."""
    if row.holds_until is not None and row.holds_until <= day:
        return row
    if begins(row) >= day:
        return None
    if isinstance(row, HoldingStated):
        return replace(row, holds_until=day, left_on=day, ending=Ending.LEFT, leaving_reason=None, destination=None)
    return replace(row, holds_until=day)


def _dated(rows: Sequence[Row]) -> tuple[list[Row], list[RowFault]]:
    faults = [
        RowFault(row.row, "holds_from", "is empty", "a date: files of the whole history say since when a row holds")
        for row in rows
        if row.holds_from is None
    ]
    return [row for row in rows if row.holds_from is not None], faults


def _stated_once(rows: Sequence[ChangeStated]) -> list[Fact]:
    """The facts of change rows; if several rows state the same about the same key, the first."""
    first_rows = {(row.data.event_type, row.key, row.data): row for row in sorted(rows, key=lambda row: -row.row)}
    in_order = sorted(first_rows.values(), key=lambda row: row.row)
    return [Fact(subject_of(row), row.key, row.data, row.row) for row in in_order]
