"""The workforce behind an authority's return: invented people whose FTE, cases and cover add up to the counts.

Invariant: each person has at most 1 FTE in a post, and an FTE above 0; who has more than 1 holds two posts.
"""

from dataclasses import dataclass

from tests.published.returned import ONE, Returned, evenly, fte_of_each, shared_out


@dataclass(frozen=True, slots=True)
class Employed:
    """An employed worker: FTE in millionths, in all posts together; cases None for who holds none."""

    fte: int
    cases: int | None


@dataclass(frozen=True, slots=True)
class AgencyWorker:
    """An agency worker: the FTE that covers a vacancy, and the FTE that does not; each an assignment where above 0."""

    covering: int
    beside: int
    cases: int | None


@dataclass(frozen=True, slots=True)
class Workforce:
    """All of an authority's workers at the census date, and the FTE of each who left in the year."""

    employed: list[Employed]
    agency: list[AgencyWorker]
    leavers: list[int]


def workforce(counts: Returned) -> Workforce:
    """People who add up to these counts. Raises ValueError where they cannot hold the cases returned.

    FTE that DfE marks is taken as full time; what else it marks as none.
    """
    covers = _covers(counts)
    holding, others, of_agency = _case_holders(counts, [sum(cover) for cover in covers])
    cases = evenly(counts.cases or 0, of_agency + len(holding))
    return Workforce(
        [Employed(fte, held) for fte, held in zip(holding, cases[of_agency:], strict=True)]
        + [Employed(fte, None) for fte in others],
        [
            AgencyWorker(covering, beside, cases[index] if index < of_agency else None)
            for index, (covering, beside) in enumerate(covers)
        ],
        _leavers(counts),
    )


def _leavers(counts: Returned) -> list[int]:
    people = counts.leavers or 0
    fte = people * ONE if counts.leaver_fte is None else counts.leaver_fte
    # Leavers returned with 0 FTE have the least that a contract knows: a millionth.
    return fte_of_each(max(fte, people), people)


def _covers(counts: Returned) -> list[tuple[int, int]]:
    """Of each agency worker the FTE that covers a vacancy, and the other."""
    people, cover = counts.agency_workers or 0, counts.agency_cover or 0
    fte = people * ONE if counts.agency_fte is None else counts.agency_fte
    shared = shared_out(fte, people, cover)
    if shared is not None:
        covering, others = shared
        return [(each, 0) for each in covering] + [(0, each) for each in others]
    # The cover is no sum of whole workers: one of them covers a vacancy in part, and so has two assignments.
    covers = []
    for each in fte_of_each(fte, people):
        covering_fte = min(each, cover)
        cover -= covering_fte
        covers.append((covering_fte, each - covering_fte))
    return covers


def _case_holders(counts: Returned, agency: list[int]) -> tuple[list[int], list[int], int]:
    """The FTE of each employed case holder, of each other employed worker, and how many agency workers hold cases.

    As many agency workers as can be hold cases, the first of them.
    """
    in_post, people = counts.in_post or 0, counts.people or 0
    for of_agency in range(len(agency), -1, -1):
        rest = (counts.case_holder_fte or 0) - sum(agency[:of_agency])
        if counts.case_holder_fte is None:
            rest = 0 if of_agency == 0 else -1
        shared = shared_out(in_post, people, rest) if 0 <= rest <= in_post else None
        if shared is not None:
            return *shared, of_agency
    raise ValueError(f"no workers of {counts.authority} in {counts.year} add up to the FTE of its case holders")
