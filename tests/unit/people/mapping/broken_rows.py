"""Rows that are rejected, by name: what differs from a good row, and the fault that is told of it, written by hand."""

from dataclasses import dataclass

NO_REFERENCE = "an identifier: 1 to 64 letters, digits, dots, underscores and hyphens, the first a letter or digit"
DATE = "a date as dd/mm/yyyy or yyyy-mm-dd"
STAFF_DATE = "a date as dd/mm/yyyy or d-mmm-yy or yyyy-mm-dd"
LIFETIME = "a date from 1948-01-01 and before 2100-01-01"
ROLES = "one of Social Worker, Team Manager, Business Support, or a line for it in the table of the mapping"
NUMBER = "a number as 0.6"


@dataclass(frozen=True)
class BrokenRow:
    """A row of a file, as it differs from the good one, and its fault: column, problem, what would be right, value."""

    name: str
    file: str
    change: dict[str, str]
    column: str
    problem: str
    expected: str
    value: str | None


def _post(name: str, change: dict[str, str], column: str, problem: str, expected: str, value: str | None) -> BrokenRow:
    return BrokenRow(name, "posts", change, column, problem, expected, value)


def _staff(name: str, change: dict[str, str], column: str, problem: str, expected: str, value: str | None) -> BrokenRow:
    return BrokenRow(name, "staff", change, column, problem, expected, value)


BROKEN_ROWS = (
    # References.
    _post("a post without a number", {"Post": ""}, "Post", "is blank", "a value", ""),
    _post("a post number of blanks", {"Post": "   "}, "Post", "is blank", "a value", "   "),
    _post("a post number with a blank in it", {"Post": "P 2"}, "Post", "is not a reference", NO_REFERENCE, "P 2"),
    _post(
        "a post number with letters of no alphabet",
        {"Post": "P2\u200b"},
        "Post",
        "is not a reference",
        NO_REFERENCE,
        "P2\u200b",
    ),
    _post("a post number of 65 characters", {"Post": "P" * 65}, "Post", "is not a reference", NO_REFERENCE, "P" * 65),
    _post(
        "a post number that a spreadsheet has shortened",
        {"Post": "1.23E+11"},
        "Post",
        "is a number that a spreadsheet has shortened: its last digits are lost",
        "the reference as text",
        "1.23E+11",
    ),
    _post(
        "an error for a post number",
        {"Post": "#N/A"},
        "Post",
        "is an error of a spreadsheet",
        "the value itself, or a blank cell",
        "#N/A",
    ),
    _post(
        "a column too narrow for its value",
        {"Post": "########"},
        "Post",
        "is an error of a spreadsheet",
        "the value itself, or a blank cell",
        "########",
    ),
    _staff("an employee without a number", {"Number": ""}, "Number", "is blank", "a value", None),
    _staff(
        "a name where the number ought to be",
        {"Number": "Invented, Ada"},
        "Number",
        "is not a reference",
        NO_REFERENCE,
        None,
    ),
    _staff(
        "a staff number that a spreadsheet has shortened",
        {"Number": "1.2E+5"},
        "Number",
        "is a number that a spreadsheet has shortened: its last digits are lost",
        "the reference as text",
        None,
    ),
    # Codes.
    _post(
        "a role that no table has",
        {"Role": "Sozial Worker"},
        "Role",
        "matches no code of the mapping",
        f"perhaps Social Worker; {ROLES}",
        "Sozial Worker",
    ),
    _post(
        "a role that is almost one of the table",
        {"Role": "Social Workers"},
        "Role",
        "matches no code of the mapping",
        f"perhaps Social Worker; {ROLES}",
        "Social Workers",
    ),
    _post("a post without a role", {"Role": ""}, "Role", "is blank", "a value", ""),
    _post(
        "a CSWW role of 7",
        {"CSWW": "7"},
        "CSWW",
        "matches no code of the mapping",
        "one of 1 (senior-manager), 2 (middle-manager)",
        "7",
    ),
    _post(
        "a team without a letter",
        {"Team": "???"},
        "Team",
        "cannot be spelt as a name",
        "up to 16 lower-case words joined by hyphens",
        "???",
    ),
    _post(
        "a team of 70 letters",
        {"Team": "x" * 70},
        "Team",
        "cannot be spelt as a name",
        "up to 16 lower-case words joined by hyphens",
        "x" * 70,
    ),
    _post(
        "a formula without its result for a team",
        {"Team": "#UNCALCULATED!"},
        "Team",
        "is a formula without its result",
        "the value itself",
        "#UNCALCULATED!",
    ),
    _staff(
        "a leaving reason that no table has",
        {"Reason": "Gone"},
        "Reason",
        "matches no code of the mapping",
        "one of Resigned, Retired",
        "Gone",
    ),
    _staff(
        "a contract that no table has",
        {"Contract": "Temp"},
        "Contract",
        "matches no code of the mapping",
        "one of Perm, Casual",
        "Temp",
    ),
    # Dates.
    _post("the 31st of April", {"From": "31/04/2023"}, "From", "is not a day of the calendar", DATE, "31/04/2023"),
    _post(
        "29 February of a common year",
        {"From": "29/02/2023"},
        "From",
        "is not a day of the calendar",
        DATE,
        "29/02/2023",
    ),
    _post(
        "a date the American way", {"From": "04/13/2023"}, "From", "is not a day of the calendar", DATE, "04/13/2023"
    ),
    _post(
        "a year of two digits where the mapping says four",
        {"From": "01/04/23"},
        "From",
        "is not a date",
        DATE,
        "01/04/23",
    ),
    _post("a date in words", {"From": "1 April 2023"}, "From", "is not a date", DATE, "1 April 2023"),
    _post("a date without day", {"From": "04/2023"}, "From", "is not a date", DATE, "04/2023"),
    _post("a date with points", {"From": "01.04.2023"}, "From", "is not a date", DATE, "01.04.2023"),
    _post("a date of digits alone", {"From": "20230401"}, "From", "is not a date", DATE, "20230401"),
    _post(
        "a date counted by a spreadsheet",
        {"From": "45017"},
        "From",
        "looks like a day counted by a spreadsheet",
        f"{DATE}; or `excel` among the mapping's dates",
        "45017",
    ),
    _post(
        "a date and a time that is not midnight",
        {"From": "01/04/2023 08:30"},
        "From",
        "is not a date",
        DATE,
        "01/04/2023 08:30",
    ),
    _post(
        "the year 0202",
        {"From": "01/04/0202"},
        "From",
        "is not a date of somebody's working life",
        LIFETIME,
        "01/04/0202",
    ),
    _post(
        "the year 1900",
        {"From": "01/01/1900"},
        "From",
        "is not a date of somebody's working life",
        LIFETIME,
        "01/01/1900",
    ),
    _post(
        "a beginning at the end of time",
        {"From": "31/12/4712"},
        "From",
        "is not a date of somebody's working life",
        LIFETIME,
        "31/12/4712",
    ),
    _post("a beginning of zeros", {"From": "00/00/0000"}, "From", "is not a day of the calendar", DATE, "00/00/0000"),
    _post(
        "an end in the year 2150",
        {"To": "31/12/2150"},
        "To",
        "is not a date of somebody's working life",
        LIFETIME,
        "31/12/2150",
    ),
    _post("an end that is not a date", {"To": "ongoing"}, "To", "is not a date", DATE, "ongoing"),
    _post(
        "an end before the beginning",
        {"From": "01/04/2020", "To": "30/03/2020"},
        "To",
        "is not after the day from which the row holds",
        "a later day",
        "30/03/2020",
    ),
    _staff(
        "a month that is none", {"From": "1-Foo-23"}, "From", "is not a day of the calendar", STAFF_DATE, "1-Foo-23"
    ),
    _staff(
        "an American date among two formats",
        {"From": "12/31/2023"},
        "From",
        "is not a day of the calendar",
        STAFF_DATE,
        "12/31/2023",
    ),
    _staff(
        "a worker who left before the beginning",
        {"To": "31/05/2020", "Left": "01/04/2020"},
        "Left",
        "is not after the day from which the row holds",
        "a later day",
        "01/04/2020",
    ),
    # Full-time equivalents.
    _post(
        "a post without an FTE",
        {"Funded": ""},
        "Funded",
        "is blank",
        "a number; or `blank: full-time` in the mapping",
        "",
    ),
    _post("an FTE in words", {"Funded": "full"}, "Funded", "is not a number", NUMBER, "full"),
    _post(
        "an FTE with a decimal comma",
        {"Funded": "0,6"},
        "Funded",
        "has a comma",
        'a number as 0.6; or `decimal: ","` in the mapping',
        "0,6",
    ),
    _post("an FTE below 0", {"Funded": "-1"}, "Funded", "is below 0", "a number from 0 to 999", "-1"),
    _post(
        "a funded FTE of 0",
        {"Funded": "0"},
        "Funded",
        "is 0",
        "a number above 0; or `zero: leave-out` in the mapping",
        "0",
    ),
    _post(
        "an FTE of 1,000", {"Funded": "1000"}, "Funded", "comes to an FTE of 1000.00", "an FTE of at most 999", "1000"
    ),
    _post("an FTE that is not a number", {"Funded": "NaN"}, "Funded", "is not a number", NUMBER, "NaN"),
    _post("an FTE without end", {"Funded": "Infinity"}, "Funded", "is not a number", NUMBER, "Infinity"),
    _post("an FTE of a million digits", {"Funded": "9" * 1_000}, "Funded", "is not a number", NUMBER, "9" * 77 + "..."),
    _post("an FTE of two numbers", {"Funded": "0.5 + 0.5"}, "Funded", "is not a number", NUMBER, "0.5 + 0.5"),
    _post("an FTE in Arabic digits", {"Funded": "\u0661"}, "Funded", "is not a number", NUMBER, "\u0661"),
    _post(
        "an error for an FTE",
        {"Funded": "#DIV/0!"},
        "Funded",
        "is an error of a spreadsheet",
        "the value itself, or a blank cell",
        "#DIV/0!",
    ),
    _staff(
        "hours above those of full time",
        {"Hours": "40"},
        "Hours",
        "comes to an FTE of 1.08",
        "an FTE of at most 1",
        "40",
    ),
    _staff(
        "hours of full time of 0",
        {"Standard": "0"},
        "Standard",
        "are hours of full time of 0",
        "hours above 0, as 37",
        "0",
    ),
    _staff(
        "hours of full time below 0",
        {"Standard": "-37"},
        "Standard",
        "are hours of full time of 0",
        "hours above 0, as 37",
        "-37",
    ),
    _staff("no hours of full time", {"Standard": ""}, "Standard", "is blank", "a number", ""),
    _staff("hours of full time in words", {"Standard": "full"}, "Standard", "is not a number", NUMBER, "full"),
    _staff("hours of 75 minutes", {"Hours": "22:75"}, "Hours", "is not a number", NUMBER, "22:75"),
    _staff("no hours", {"Hours": ""}, "Hours", "is blank", "a number; or `blank: full-time` in the mapping", ""),
    BrokenRow(
        "a ratio where percentages are",
        "agency",
        {"Percent": "0.6"},
        "Percent",
        "is a percentage of 1 or less",
        "a percentage as 60; or `as: ratio` in the mapping",
        "0.6",
    ),
    BrokenRow(
        "a percentage above 100",
        "agency",
        {"Percent": "120"},
        "Percent",
        "comes to an FTE of 1.20",
        "an FTE of at most 1",
        "120",
    ),
    # What does not go together.
    BrokenRow(
        "cover of a vacancy without the post",
        "agency",
        {"Post": ""},
        "Post",
        "names no post, and a vacancy is covered or there is no role",
        "the post that is covered",
        "",
    ),
    BrokenRow(
        "cover with neither post nor role",
        "agency",
        {"Post": "", "Role": "", "Reason": "absence"},
        "Post",
        "names no post",
        "the post that is covered",
        "",
    ),
    BrokenRow(
        "a rate below 0",
        "agency",
        {"Rate": "-1"},
        "Rate",
        "is not an amount of pounds",
        "0 to 1,000,000 with 2 decimals",
        "-1",
    ),
    BrokenRow(
        "a rate with three decimals",
        "agency",
        {"Rate": "34.505"},
        "Rate",
        "is not an amount of pounds",
        "0 to 1,000,000 with 2 decimals",
        "34.505",
    ),
    BrokenRow(
        "neither yes nor no",
        "agency",
        {"Project": "maybe"},
        "Project",
        "is neither yes nor no",
        "one of yes, y, true, 1, no, n, false, 0",
        "maybe",
    ),
    BrokenRow("cover without an agency worker", "agency", {"Candidate": ""}, "Candidate", "is blank", "a value", None),
    BrokenRow(
        "an absence that ends before it begins",
        "absences",
        {"Last": "30/03/2020"},
        "Last",
        "is not as the contract says",
        "Last must be after First",
        "30/03/2020",
    ),
    BrokenRow(
        "an absence of 400 days",
        "absences",
        {"Days": "400"},
        "Days",
        "is not as the contract says",
        "a number of at most 366",
        "400",
    ),
    BrokenRow("an absence without a reason", "absences", {"Reason": ""}, "Reason", "is blank", "a value", ""),
    BrokenRow(
        "a panel's decision of another kind of panel",
        "panels",
        {"Decision": "successful"},
        "Decision",
        "is not as the contract says",
        "decision of a panel of kind asye must be one of passed, failed, deferred",
        "successful",
    ),
    BrokenRow("half a case", "cases", {"Cases": "14.5"}, "Cases", "is not a whole number", "a whole number", "14.5"),
    BrokenRow(
        "fewer cases than none",
        "cases",
        {"Cases": "-1"},
        "Cases",
        "is not as the contract says",
        "a number of at least 0",
        "-1",
    ),
    BrokenRow(
        "a number merged with itself",
        "merged",
        {"Kept": "2"},
        "Duplicate",
        "is the number itself",
        "another number of the same person",
        None,
    ),
)
