"""A mapping file is refused with all that is wrong in it: line, place, what came, and what would be right."""

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from services.people.files.refusal import FileRefused
from services.people.mapping import model, schema
from services.people.mapping.model import read_mapping
from services.people.mapping.refusal import MappingFault, MappingRefused
from services.people.mapping.trouble import Trouble
from services.people.statements import Begins, History, Kind, Policy

EXAMPLES = Path(model.__file__).parent / "examples"
POSTS = """
files:
  posts:
    kind: posts
    name: posts*.csv
    columns: {post: Post, role: Role, funded_fte: FTE, team: {column: Team, codes: [Duty]}, \
service_area: {column: Area, codes: [HP]}}
"""


def faults(text: str) -> tuple[MappingFault, ...]:
    """What is wrong with a mapping."""
    with pytest.raises(MappingRefused) as refused:
        read_mapping(text)
    return refused.value.faults


def fault(text: str) -> tuple[str, int | None, str, str]:
    """The one thing that is wrong with a mapping: path, line, problem, what would be right."""
    (found,) = faults(text)
    return found.path, found.line, found.problem, found.expected


def with_line(indented: str) -> str:
    """The mapping of posts with something more said of its file."""
    return POSTS + f"    {indented}\n"


def with_columns(changed: str) -> str:
    """The mapping of posts with other words for its columns."""
    return POSTS.replace("role: Role", changed)


def test_a_mapping_with_nothing_but_columns_is_one() -> None:
    (posts,) = read_mapping(POSTS).files
    assert posts.kind is Kind.POSTS
    assert posts.names == ("Post", "Role", "FTE", "Team", "Area")
    assert posts.layout.required == frozenset(posts.names)
    assert posts.policy == Policy(History.CURRENT)


@pytest.mark.parametrize("text", ["", "   \n", "# nothing but words\n"])
def test_an_empty_text_is_no_mapping(text: str) -> None:
    assert fault(text)[2] == "is empty"


@pytest.mark.parametrize("text", ["files: [", "a: b: c", "\t- x", "files: {a: 'b}", "%YAML 9", "&a", "*a", "\0"])
def test_what_is_no_yaml_is_told_as_such(text: str) -> None:
    assert faults(text)


def test_a_word_that_is_none_is_told_with_its_line() -> None:
    assert fault(with_line("layuot: {}"))[:3] == ("files.posts.layuot", 7, "is not a word of a mapping here")


def test_a_field_that_is_none_is_told_with_its_line_and_what_is_missing_beside_it() -> None:
    told = {(one.path, one.line, one.problem) for one in faults(with_columns("rolle: Role"))}
    assert told == {
        ("files.posts.columns.rolle", 6, "is not a word of a mapping here"),
        ("files.posts.columns.role", 6, "is missing"),
    }


def test_a_kind_that_is_none_is_told_with_those_that_there_are() -> None:
    path, line, _, expected = fault(POSTS.replace("kind: posts", "kind: people"))
    assert (path, line) == ("files.posts", 3)
    assert expected.startswith("kind: posts, holdings, covers; or kind: changes with an event, one of uk.workforce.")


def test_a_word_that_is_there_twice_is_refused() -> None:
    assert fault(POSTS + "    name: other*.csv\n")[:3] == ("files.posts.name", 7, "is there twice")


def test_a_code_that_is_none_is_refused_with_the_codes() -> None:
    path, line, problem, expected = fault(with_columns("role: {column: Role, codes: {SW: social_worker}}"))
    assert (path, line, problem) == ("files.posts.columns.role", 6, "'SW' leads to no code")
    near, _, listed = expected.partition("; ")
    assert near.startswith("perhaps social-worker or ")
    assert listed.startswith("one of newly-qualified-social-worker, social-worker,")


def test_a_mistyped_word_of_the_mapping_is_told_with_the_word_that_may_be_meant() -> None:
    found = fault(with_columns("role: {colum: Role}"))
    assert found[2:] == (
        "is not a word of a mapping here",
        "perhaps column or columns; a word of the mapping: see docs/extracts.md",
    )


def test_a_table_that_is_not_there_is_refused_with_those_that_are() -> None:
    text = "codes: {jobs: {SW: social-worker}}\n" + with_columns("role: {column: Role, codes: roles}")
    assert fault(text)[2:] == ("names a table that is not there", "one under `codes`: jobs")


def test_an_end_without_a_word_whether_it_is_the_last_day_is_refused() -> None:
    path, _, problem, expected = fault(with_columns("role: Role, holds_until: End"))
    assert path == "files.posts.columns.holds_until"
    assert problem == "is an end, and nothing says whether it is the last day or the day after"
    assert expected.startswith("`end_dates: last-day` or `end_dates: day-after`")


def test_two_formats_that_read_a_date_as_two_days_are_refused() -> None:
    text = with_columns("role: Role, holds_from: From") + "    dates: [dd/mm/yyyy, mm/dd/yyyy]\n"
    assert fault(text)[2] == "dd/mm/yyyy and mm/dd/yyyy read 01/02/2003 as different days: name one of them"


def test_a_format_that_is_none_is_refused() -> None:
    text = with_columns("role: Role, holds_from: From") + "    dates: d.m\n"
    assert fault(text)[2].startswith("must have day, month and year once each")


def test_hours_without_those_of_full_time_are_refused() -> None:
    text = POSTS.replace("funded_fte: FTE", "funded_fte: {column: FTE, as: hours}")
    assert fault(text)[3] == "must have full_time, the weekly hours of full time, beside `as: hours`"


def test_hours_of_full_time_of_0_are_refused() -> None:
    text = POSTS.replace("funded_fte: FTE", "funded_fte: {column: FTE, as: hours, full_time: 0}")
    assert fault(text)[2] == "has hours of full time of 0"


def test_a_field_with_both_a_column_and_a_value_is_refused_and_one_with_neither() -> None:
    for words in ("{column: Role, value: social-worker}", "{optional: true}"):
        assert fault(with_columns(f"role: {words}"))[3] == "must have either a column or a value"


def test_a_value_for_all_rows_that_is_no_code_is_refused() -> None:
    path, _, problem, _ = fault(with_columns("role: {value: social workers}"))
    assert (path, problem) == ("files.posts.columns.role", "matches no code of the mapping")


def test_a_rule_of_scope_that_says_nothing_is_refused() -> None:
    text = with_line("left_out: {dummies: {column: Post}}")
    assert fault(text)[3] == "must have `like` with patterns, or `blank: true`"


def test_complete_from_without_a_complete_history_is_refused() -> None:
    text = with_line("policy: {complete_from: 2019-04-01}")
    assert fault(text)[3] == "complete_from can only be used with `history: complete`"


def test_persons_in_a_file_of_posts_are_refused() -> None:
    assert fault(with_line("persons: {name: Manager}"))[0] == "files.posts.persons"


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = """
    files:
      posts: {kind: posts, name: a, columns:
        {post: P, role: {column: R, codes: x}, funded_fte: F, team: {value: duty}, service_area: {value: help}}}
      more: {kind: posts, name: b, dates: x, columns: {post: P, role: R, funded_fte: F, team: {value: duty},
        service_area: {value: "?"}, holds_from: X, holds_until: Y}}
    """
    assert [(one.path, one.line) for one in faults(text)] == [
        ("files.posts.columns.role", 4),
        ("files.more.columns.service_area", 6),
        ("files.more.columns.holds_from", 6),
        ("files.more.columns.holds_until", 6),
        ("files.more.columns.holds_until", 6),
    ]


LEAVERS = """
files:
  leavers:
    kind: changes
    event: uk.workforce.worker.left.v1
    name: leavers*.csv
    subject: Number
    columns: {left_on: Left, reason: Why, destination: Where}
"""


def test_a_file_of_changes_names_what_is_new_or_all_that_ought_to_stand() -> None:
    assert read_mapping(LEAVERS).files[0].policy == Policy(History.CURRENT)
    (whole,) = read_mapping(LEAVERS + "    policy: {history: complete, gone_after: 2}\n").files
    assert whole.policy == Policy(History.COMPLETE, gone_after=2)


@pytest.mark.parametrize("words", ["gone_after: 2", "smallest_share: 0.5"])
def test_of_a_file_that_names_what_is_new_nothing_is_gone(words: str) -> None:
    path, line, _, expected = fault(LEAVERS + f"    policy: {{{words}}}\n")
    assert (path, line) == ("files.leavers.policy", 9)
    assert expected == "gone_after and smallest_share can only be used with `history: complete`"


@pytest.mark.parametrize("words", ["complete_from: 2020-04-01", "begins: row"])
def test_words_of_what_holds_for_a_while_are_none_of_a_file_of_changes(words: str) -> None:
    assert fault(LEAVERS + f"    policy: {{history: complete, {words}}}\n")[2] == "is not a word of a mapping here"


def test_a_column_of_names_without_a_table_is_refused_for_whatever_stands_in_it_would_be_published() -> None:
    bare = POSTS.replace("{column: Team, codes: [Duty]}", "Team")
    path, line, problem, expected = fault(bare)
    assert (path, line) == ("files.posts.columns.team", 6)
    assert problem == "names no table, so everything in the column would be published"
    assert expected == "`codes` with the names that there are (`workforce map` lists them), or `unmatched: spell`"


@pytest.mark.parametrize("unmatched", ["blank", "leave-out", "duty"])
def test_no_other_word_for_what_is_unmatched_stands_for_a_table(unmatched: str) -> None:
    text = POSTS.replace("codes: [Duty]", f"unmatched: {unmatched}")
    assert fault(text)[2] == "names no table, so everything in the column would be published"


def test_a_post_is_made_of_no_column_without_a_table() -> None:
    text = POSTS.replace("post: Post", "post: {made_of: [Unit, {column: Role, codes: [Social Worker]}]}")
    assert [(one.path, one.problem) for one in faults(text)] == [
        ("files.posts.columns.post", "names no table, so everything in the column would be published")
    ]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("codes: [Duty, Court Team]", "court-team"),
        ("codes: teams", "court-team"),
        ("codes: {Court Team: courts}", "courts"),
        ("unmatched: spell", "court-team"),
        ("codes: {CT: courts}, unmatched: spell", "court-team"),
    ],
)
def test_a_name_is_as_its_table_or_its_list_has_it_and_spelt_only_where_the_mapping_says_so(
    words: str, name: str
) -> None:
    text = f"codes: {{teams: [Duty, Court Team]}}\n{POSTS.replace('codes: [Duty]', words)}"
    team = read_mapping(text).files[0].rules.fields["team"]
    assert team.read(("", "", "", "court  TEAM", "")) == name


def test_a_name_that_is_in_no_list_is_told_with_those_that_are() -> None:
    team = read_mapping(POSTS).files[0].rules.fields["team"]
    with pytest.raises(Trouble, match="matches no code of the mapping; right would be: one of Duty, or a line for it"):
        team.read(("", "", "", "Invented", ""))


def test_a_list_in_which_something_is_no_name_is_refused() -> None:
    assert fault(POSTS.replace("[Duty]", "[Duty, '--']"))[2:] == (
        "has a list in which '--' cannot be spelt as a name",
        "a table with the code of each",
    )


def test_codes_are_the_texts_that_were_typed() -> None:
    text = with_columns("role: {column: Role, codes: {0123: social-worker, No: team-manager, 12:30: service-manager}}")
    role = read_mapping(text).files[0].rules.fields["role"]
    assert role.read(("", "0123", "", "", "")) == "social-worker"
    assert role.read(("", "no", "", "", "")) == "team-manager"
    assert role.read(("", "12:30", "", "", "")) == "service-manager"


def test_a_mapping_that_repeats_itself_without_end_is_refused() -> None:
    layers = "".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 9))
    assert fault(f"codes:\n  l0: &l0 [x]\n{layers}")[2] == "has too many parts, or parts in one another"


def test_a_mapping_nested_without_end_is_refused() -> None:
    assert faults("[" * 2_000 + "]" * 2_000)


def test_a_mapping_of_a_megabyte_is_refused() -> None:
    assert fault("#" * (1 << 20))[2] == "is too long"


def files_called(name: str) -> Iterator[str]:
    """What the example `plain` takes a file for."""
    yield read_mapping((EXAMPLES / "plain.yaml").read_text(encoding="utf-8")).file_for(name).name


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("posts.csv", "posts"),
        ("POSTS_20231031.CSV", "posts"),
        ("out/employees 2023.csv", "employees"),
        (r"C:\x\agency1.csv", "agency"),
    ],
)
def test_a_file_is_known_by_its_name(name: str, file: str) -> None:
    assert list(files_called(name)) == [file]


def test_a_file_of_no_known_name_is_refused_with_the_names_that_are_known() -> None:
    with pytest.raises(FileRefused, match=r"has a name that fits none of the mapping's files.*posts\*.csv \(posts\)"):
        list(files_called("payroll.csv"))


def test_a_file_whose_name_fits_several_is_refused() -> None:
    text = POSTS + POSTS.replace("files:", "").replace("posts:", "old:", 1).replace("posts*.csv", "posts_o*.csv")
    with pytest.raises(FileRefused, match="has a name that fits several of the mapping's files: posts, old"):
        read_mapping(text).file_for("posts_old.csv")


def test_a_policy_is_what_the_mapping_says() -> None:
    text = with_line(
        "policy: {history: complete, complete_from: 2019-04-01, gone_after: 3, smallest_share: 0.9, begins: row}"
    )
    policy = read_mapping(text).files[0].policy
    assert policy.history is History.COMPLETE
    assert str(policy.complete_from) == "2019-04-01"
    assert policy.gone_after == 3
    assert policy.begins is Begins.ROW
    assert str(policy.smallest_share) == "0.9"


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_example_can_be_applied_and_editors_find_nothing_wrong_with_it(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    assert read_mapping(text).files
    published = json.loads(schema.PLACE.read_text(encoding="utf-8"))
    checker = jsonschema.Draft202012Validator(published)
    assert list(checker.iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    "wrong", [with_line("layuot: {}"), with_columns("rolle: Role"), POSTS.replace("posts\n", "x\n")]
)
def test_editors_find_wrong_what_the_service_refuses(wrong: str) -> None:
    checker = jsonschema.Draft202012Validator(schema.schema())
    assert list(checker.iter_errors(yaml.safe_load(wrong)))
    assert faults(wrong)


def test_the_published_schema_is_up_to_date() -> None:
    assert schema.main(["--check"]) == 0
    jsonschema.Draft202012Validator.check_schema(schema.schema())
