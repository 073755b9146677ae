"""What is repeated of a rejected row holds nothing that its personal columns say, in whatever column it stands."""

from services.people.files.reading import open_table
from services.people.mapping.document import NAMES
from services.people.mapping.repeatable_cells import RepeatableCells
from services.people.mapping.rows import NamedRow, named_rows
from tests.unit.people.mappings import content_of, mapping

STAFF = mapping().file("staff")
TOLD = RepeatableCells(STAFF.rules)


def row(**changed: str) -> NamedRow:
    """A row of staff with these cells."""
    (found,) = named_rows(open_table(content_of("staff", changed), STAFF.layout), STAFF)
    return found


def cells(**changed: str) -> dict[str, str]:
    """What is repeated of it."""
    return TOLD.cells(row(**changed))


def test_only_columns_of_posts_and_holdings_are_repeated() -> None:
    # Number, Forename, Surname, Born and Salary are personal; Department is asked by a rule alone.
    assert TOLD.columns == ("Post", "Hours", "Standard", "From", "To", "Left", "Reason", "Contract")
    told = {"Post": "P1", "Hours": "37", "Standard": "37", "From": "01/04/2020", "Contract": "Perm"}
    assert cells() == told | {"To": "", "Left": "", "Reason": ""}


def test_a_cell_with_what_a_personal_column_says_is_not_repeated() -> None:
    assert "Post" not in cells(Post="Invented", Surname="Invented")
    assert "Post" not in cells(Post="Ms INVENTED  (Ada)", Surname="Invented")
    assert "Post" not in cells(Post="004711", Number="004711")
    assert "Post" in cells(Post="P1", Surname="Invented")


def test_a_word_written_like_a_name_is_not_repeated_where_a_number_a_date_or_a_reference_should_be() -> None:
    for column in ("Post", "Hours", "From"):
        assert column not in cells(**{column: "Zarquar"})
        assert column not in cells(**{column: "Mary-Ann O'Zarquar"})
        assert cells(**{column: "half"})[column] == "half"
        assert cells(**{column: "#N/A"})[column] == "#N/A"
    # Whoever completes a table of codes has to see what is not in it.
    assert cells(Reason="Sabbatical")["Reason"] == "Sabbatical"


def test_a_single_letter_or_digit_of_a_personal_column_hides_nothing() -> None:
    assert cells(Number="7", Hours="37")["Hours"] == "37"


def test_a_row_whose_cells_have_been_shifted_is_not_repeated_at_all() -> None:
    assert TOLD.cells(row()._replace(width=19)) == {}


def test_a_column_that_two_fields_name_in_two_ways_is_one() -> None:
    # The number of a post, and the rule of dummy posts.
    columns = RepeatableCells(mapping().file("posts").rules).columns
    assert columns == ("Post", "Role", "Funded", "Team", "Area", "Grade", "CSWW", "From", "To")


def test_whatever_is_a_name_in_an_event_is_a_name_in_a_mapping() -> None:
    assert sorted(NAMES) == ["academy_team", "agency", "grade", "location", "service_area", "team"]
