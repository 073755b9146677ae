"""docs/measures.md says of every measure what is declared: a title, a unit or a definition does not change unseen."""

from services.metrics.measures.declaration import PLACES, Unit
from services.metrics.measures.document import PAGE, page


def test_the_page_of_measures_says_what_is_declared() -> None:
    assert PAGE.read_text(encoding="utf-8").splitlines() == page().splitlines()


def test_people_assignments_and_counts_are_shown_whole_pounds_to_pence_and_all_else_to_one_decimal() -> None:
    whole, pence = {Unit.PEOPLE, Unit.ASSIGNMENTS, Unit.COUNT, Unit.CHILDREN}, {Unit.POUNDS}
    shown = {unit: str(PLACES[unit]) for unit in Unit}
    assert {unit for unit, decimals in shown.items() if decimals == "1"} == whole
    assert {unit for unit, decimals in shown.items() if decimals == "0.01"} == pence
    assert {unit for unit, decimals in shown.items() if decimals == "0.1"} == set(Unit) - whole - pence
