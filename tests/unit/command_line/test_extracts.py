"""Which files `workforce send` sends, in which order, and of when each is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.command_line.extracts import Extract, extracts_of

NOW = datetime(2024, 4, 2, 12, tzinfo=UTC)


def made(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.write_text("a,b\n")
    return paths


@pytest.mark.parametrize(
    ("name", "dates", "as_at"),
    [
        ("employees_2023-10-31.csv", None, "2023-10-31"),
        ("employees_20231031.csv", None, "2023-10-31"),
        ("2023.10.31 employees.xlsx", None, "2023-10-31"),
        ("employees-2023-10.csv", None, "2023-10-31"),
        ("employees-202402.csv", None, "2024-02-29"),
        ("employees 31102023.csv", "%d%m%Y", "2023-10-31"),
        ("employees Oct 2023.csv", "%b %Y", "2023-10-31"),
    ],
)
def test_the_date_of_an_extract_stands_in_its_name_of_a_month_it_is_the_last_day(
    tmp_path: Path, name: str, dates: str | None, as_at: str
) -> None:
    (found,) = extracts_of(made(tmp_path, name), None, dates, None, NOW)
    assert found.as_at == as_at


@pytest.mark.parametrize(
    ("name", "dates"),
    [
        ("employees.csv", None),
        ("employees_12345678.csv", None),
        ("employees_20230231.csv", None),
        ("employees_2023-10-31.csv", "%d%m%Y"),
    ],
)
def test_a_file_without_a_date_is_refused_by_name(tmp_path: Path, name: str, dates: str | None) -> None:
    with pytest.raises(ValueError, match=rf"^{name} has no date in its name that can be read: say --as-at"):
        extracts_of(made(tmp_path, name), None, dates, None, NOW)


def test_a_folder_is_sent_in_the_order_of_dates_and_each_was_made_at_the_end_of_its_day(tmp_path: Path) -> None:
    made(tmp_path, "posts_2024-01.csv", "posts_2023-12.csv", "employees_2024-01.xlsx", "notes.md", "a_2024-04-02.csv")
    assert extracts_of([tmp_path], None, None, None, NOW) == [
        Extract(tmp_path / "posts_2023-12.csv", "2023-12-31", "2023-12-31T23:59:59Z"),
        Extract(tmp_path / "employees_2024-01.xlsx", "2024-01-31", "2024-01-31T23:59:59Z"),
        Extract(tmp_path / "posts_2024-01.csv", "2024-01-31", "2024-01-31T23:59:59Z"),
        Extract(tmp_path / "a_2024-04-02.csv", "2024-04-02", None),
    ]


def test_what_is_said_goes_before_what_names_say(tmp_path: Path) -> None:
    paths = made(tmp_path, "employees_2023-10-31.csv")
    assert extracts_of(paths, "2023-10-30", None, "2023-11-01T08:00:00Z", NOW) == [
        Extract(paths[0], "2023-10-30", "2023-11-01T08:00:00Z")
    ]
    with pytest.raises(ValueError, match="--as-at 30/10/2023 is not a date"):
        extracts_of(paths, "30/10/2023", None, None, NOW)


def test_a_folder_without_extracts_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no extract in .*: files that end in \.csv"):
        extracts_of([tmp_path], None, None, None, NOW)
