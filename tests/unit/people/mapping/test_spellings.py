"""Dates, numbers and references in the spellings of real files: each is read as what it is, or rejected."""

from datetime import date
from decimal import Decimal

import pytest

from services.people.mapping import amounts
from services.people.mapping.codes import named
from services.people.mapping.dates import WrongFormat, begin_reader, date_reader, end_reader
from services.people.mapping.fields import ReferenceRule
from services.people.mapping.references import reference_reader
from services.people.mapping.trouble import Trouble

HALLOWEEN = date(2023, 10, 31)

DATES = [
    ("dd/mm/yyyy", "31/10/2023"),
    ("dd/mm/yyyy", " 31/10/2023 "),
    ("dd/mm/yyyy", "31/10/2023 00:00"),
    ("dd/mm/yyyy", "31/10/2023 00:00:00"),
    ("dd/mm/yyyy", "31/10/2023 12:00:00 AM"),
    ("dd/mm/yyyy", "2023-10-31"),
    ("dd/mm/yyyy", "2023-10-31T00:00:00.000Z"),
    ("dd/mm/yyyy", '="31/10/2023"'),
    ("mm/dd/yyyy", "10/31/2023"),
    ("yyyymmdd", "20231031"),
    ("yyyy/mm/dd", "2023/10/31"),
    ("dd.mm.yyyy", "31.10.2023"),
    ("dd-mm-yyyy", "31-10-2023"),
    ("dd/mm/yy", "31/10/23"),
    ("yymmdd", "231031"),
    ("ddmmyyyy", "31102023"),
    ("d-mmm-yy", "31-Oct-23"),
    ("d-mmm-yy", "31-OCT-23"),
    ("d mmmm yyyy", "31 October 2023"),
    ("d mmm yyyy", "31 Oct 2023"),
    ("mmm d, yyyy", "Oct 31, 2023"),
    ("excel", "45230"),
    ("excel", "45230.0"),
    ("excel-1904", "43768"),
]


@pytest.mark.parametrize(("spelling", "text"), DATES)
def test_a_date_is_read_in_the_format_that_the_mapping_names(spelling: str, text: str) -> None:
    assert begin_reader([spelling])(text) == HALLOWEEN


def test_the_first_of_april_is_no_fourth_of_january() -> None:
    assert begin_reader(["dd/mm/yyyy"])("01/04/2023") == date(2023, 4, 1)
    assert begin_reader(["mm/dd/yyyy"])("01/04/2023") == date(2023, 1, 4)
    assert begin_reader(["dd/mm/yyyy"])("1/4/2023") == date(2023, 4, 1)


def test_two_digits_of_a_year_are_of_the_hundred_years_from_1948_on() -> None:
    read = date_reader(["dd/mm/yy"])
    assert read("01/01/48") == date(1948, 1, 1)
    assert read("01/01/99") == date(1999, 1, 1)
    assert read("31/12/47") == date(2047, 12, 31)


@pytest.mark.parametrize(
    "formats",
    [
        ["dd/mm/yyyy", "mm/dd/yyyy"],
        ["yyyymmdd", "ddmmyyyy"],
        ["dd/mm/yy", "yy/mm/dd"],
        ["yyyy-dd-mm"],
        ["dd/mm"],
        ["dd/mm/yyyy hh:mm"],
        ["dates"],
        ["dd/dd/yyyy"],
        [""],
    ],
)
def test_formats_that_are_none_or_contradict_one_another_are_refused(formats: list[str]) -> None:
    with pytest.raises(WrongFormat):
        date_reader(formats)


NO_END = [
    "",
    "  ",
    "31/12/4712",
    "4712-12-31",
    "9999-12-31",
    "31/12/9999",
    "31/12/2099",
    "00/00/0000",
    "0000-00-00",
    "0",
    "00000000",
    "01/01/3000",
    "open",
    "31/12/2049",
]


@pytest.mark.parametrize("text", NO_END)
def test_blank_zeros_and_dates_far_away_are_no_end(text: str) -> None:
    assert end_reader(["dd/mm/yyyy"], ["Open", "31/12/2049"], last_day=True)(text) is None


def test_the_end_that_a_mapping_calls_none_may_be_an_iso_date_that_is_spelt_otherwise_in_the_file() -> None:
    assert end_reader(["dd/mm/yyyy"], ["2049-12-31"], last_day=True)("31/12/2049") is None


def test_of_a_last_day_the_day_after_is_the_end() -> None:
    assert end_reader(["dd/mm/yyyy"], [], last_day=True)("28/02/2023") == date(2023, 3, 1)
    assert end_reader(["dd/mm/yyyy"], [], last_day=False)("28/02/2023") == date(2023, 2, 28)


RATIOS = [
    ("0.6", "0.6"),
    (".6", "0.6"),
    ("0.60", "0.6"),
    ("1", "1"),
    ("1.0", "1"),
    ("0", "0"),
    ("60%", "0.6"),
    ("6E-1", "0.6"),
    (" 0.6 ", "0.6"),
    ("+0.6", "0.6"),
    ("0.1234567", "0.123457"),
    ("100%", "1"),
    ("0.540540540540541", "0.540541"),
]


@pytest.mark.parametrize(("text", "fte"), RATIOS)
def test_a_ratio_is_an_fte_of_six_decimals(text: str, fte: str) -> None:
    found = amounts.ratio(text)
    assert found is not None
    assert amounts.as_fte(found, 1) == Decimal(fte)


def test_a_percentage_is_a_hundredth_with_and_without_its_sign() -> None:
    assert amounts.percentage("60") == amounts.percentage("60%") == amounts.percentage("60.0 %") == Decimal("0.6")
    assert amounts.percentage("0.5%") == Decimal("0.005")
    assert amounts.percentage("0") == 0
    assert amounts.percentage("") is None


@pytest.mark.parametrize("text", ["0.6", "1", "0.01"])
def test_a_percentage_of_1_or_less_is_taken_for_a_ratio_and_rejected(text: str) -> None:
    with pytest.raises(Trouble, match="a percentage of 1 or less"):
        amounts.percentage(text)


def test_hours_are_numbers_or_hours_and_minutes() -> None:
    assert amounts.hours("22.2") == amounts.hours("22:12") == Decimal("22.2")
    assert amounts.hours("37:00") == 37
    assert amounts.hours("22,2", ",") == Decimal("22.2")


def test_a_comma_parts_decimals_where_the_mapping_says_so_and_is_rejected_elsewhere() -> None:
    assert amounts.number("0,6", ",") == Decimal("0.6")
    with pytest.raises(Trouble, match="has a comma"):
        amounts.number("0,6")
    with pytest.raises(Trouble, match="has a point"):
        amounts.number("0.6", ",")


def test_amounts_may_have_a_pound_sign_and_thousands_apart() -> None:
    assert amounts.number("£38,296.00", thousands=True) == Decimal("38296")
    assert amounts.number("38.296,50", ",", thousands=True) == Decimal("38296.50")
    with pytest.raises(Trouble):
        amounts.number("3,8296", thousands=True)


REFERENCES = [
    (ReferenceRule(), "4711", "4711"),
    (ReferenceRule(), " 4711 ", "4711"),
    (ReferenceRule(), "4711.0", "4711"),
    (ReferenceRule(), '="004711"', "004711"),
    (ReferenceRule(pad_to=6), "4711", "004711"),
    (ReferenceRule(pad_to=6), "004711", "004711"),
    (ReferenceRule(pad_to=6), "12345678", "12345678"),
    (ReferenceRule(strip_zeros=True), "004711", "4711"),
    (ReferenceRule(strip_zeros=True), "000", "0"),
    (ReferenceRule(upper=True), "p12a", "P12A"),
    (ReferenceRule(prefix="E"), "4711", "E4711"),
    (ReferenceRule(prefix="E"), "E4711", "E4711"),
    (ReferenceRule(prefix="E", pad_to=6), "4711", "E004711"),
    (ReferenceRule(replace={" ": "", "/": "-"}), "P 12/3", "P12-3"),
    (ReferenceRule(), "12E4", "12E4"),
    (ReferenceRule(), "1.2.3", "1.2.3"),
]


@pytest.mark.parametrize(("rule", "text", "reference"), REFERENCES)
def test_a_reference_has_one_spelling_by_the_rule_of_its_source(rule: ReferenceRule, text: str, reference: str) -> None:
    assert reference_reader(rule)(text) == reference


@pytest.mark.parametrize("text", ["1.23E+11", "1E+5", "1.2e+07"])
def test_a_reference_of_which_a_spreadsheet_lost_the_digits_is_rejected(text: str) -> None:
    with pytest.raises(Trouble, match="its last digits are lost"):
        reference_reader(ReferenceRule())(text)


NAMED = [
    ("Duty", "duty"),
    ("MASH & Assessment", "mash-and-assessment"),
    ("Children's  Homes", "childrens-homes"),
    ("East/West", "east-west"),
    ("-Team 1-", "team-1"),
]


@pytest.mark.parametrize(("text", "name"), NAMED)
def test_a_team_is_spelt_with_hyphens(text: str, name: str) -> None:
    assert named(text) == name
