"""One budget over everything kept: what was not used longest goes first, and what is too large is not kept."""

from services.metrics.read_models.budget import Budget


class Shelf:
    """Things kept in a budget, by name."""

    def __init__(self, most: int) -> None:
        self.budget = Budget(most)
        self.things: dict[str, int] = {}

    def keep(self, name: str, weight: int) -> None:
        self.things[name] = weight
        self.budget.keep(name, weight, lambda: self.things.pop(name))


def test_what_was_not_used_longest_goes_first() -> None:
    shelf = Shelf(100)
    shelf.keep("columns of 331", 40)
    shelf.keep("snapshots of 331", 40)
    shelf.budget.used("columns of 331")
    shelf.keep("snapshots of 332", 50)
    assert shelf.things == {"columns of 331": 40, "snapshots of 332": 50}
    assert shelf.budget.kept == 90


def test_what_grows_makes_others_go() -> None:
    shelf = Shelf(100)
    shelf.keep("331", 30)
    shelf.keep("332", 30)
    shelf.keep("333", 30)
    shelf.keep("331", 60)
    assert shelf.things == {"331": 60, "333": 30}
    assert shelf.budget.kept == 90
    assert shelf.budget.has_room(10)
    assert not shelf.budget.has_room(11)


def test_what_is_beyond_the_budget_alone_is_not_kept_and_moves_nothing_else() -> None:
    shelf = Shelf(100)
    shelf.keep("331", 60)
    shelf.keep("huge", 101)
    assert shelf.things == {"331": 60}
    shelf.keep("331", 101)
    assert shelf.things == {}
    assert shelf.budget.kept == 0


def test_what_just_fits_is_kept_and_lets_nothing_go() -> None:
    shelf = Shelf(100)
    shelf.keep("331", 60)
    shelf.keep("332", 40)
    assert shelf.things == {"331": 60, "332": 40}
    shelf.keep("333", 100)
    assert shelf.things == {"333": 100}
    assert (shelf.budget.kept, shelf.budget.has_room(0), shelf.budget.has_room(1)) == (100, True, False)


def test_what_was_used_last_stays_in_the_order_of_use_and_what_is_not_kept_is_passed_over() -> None:
    shelf = Shelf(100)
    for name in ("331", "332", "333"):
        shelf.keep(name, 30)
    shelf.budget.used("332", "334", "331")
    assert list(shelf.budget.weights()) == [("333", 30), ("332", 30), ("331", 30)]
    assert ("331" in shelf.budget, "334" in shelf.budget) == (True, False)


def test_what_is_forgotten_weighs_nothing_and_is_not_let_go_again() -> None:
    shelf = Shelf(100)
    shelf.keep("331", 60)
    shelf.budget.forget("331", "332")
    assert (shelf.budget.kept, shelf.things) == (0, {"331": 60})


def test_taken_in_is_what_came_and_what_grew_by_and_never_what_shrank() -> None:
    shelf = Shelf(100)
    shelf.keep("331", 40)
    shelf.keep("331", 50)
    shelf.keep("331", 20)
    shelf.keep("332", 200)
    assert shelf.budget.taken_in == 40 + 10 + 0 + 200
