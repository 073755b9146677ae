"""From the words of a mapping to the rules that read rows.

Invariant: all that is wrong with the words is told here, and not when a row comes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from enum import Enum
from fnmatch import translate
from functools import partial
from re import IGNORECASE
from re import compile as compile_pattern
from typing import Any

from contracts.catalogue import EVENT_MODELS
from contracts.near_names import near_first
from services.people.mapping import amounts, codes
from services.people.mapping.cells import birth_reader, detail_text, title, whole_or_decimal
from services.people.mapping.dates import WrongFormat, begin_reader, end_reader
from services.people.mapping.document import Document, Stated, fields_of
from services.people.mapping.fields import (
    Codes,
    CodeWords,
    DateWords,
    FieldWords,
    FlagWords,
    FteWords,
    HoursByGrade,
    HoursColumn,
    ListWords,
    NumberWords,
    PersonWords,
    ReferenceRule,
    ReferenceWords,
    ScopeRule,
    TextWords,
)
from services.people.mapping.readers import Constant, FieldReader, Fte, MadeReference, OneCell
from services.people.mapping.references import reference_reader
from services.people.mapping.refusal import MappingFault
from services.people.mapping.row_rules import Detail, RowRules, Scope
from services.people.mapping.trouble import LeaveOut, Trouble, plain
from services.people.statements import Kind

ENDS = frozenset(
    {"holds_until", "left_on", "expected_until", "returned_on", "closes_on", "completes_on", "closed_on", "ended_on"}
)
"""Dates that may be none, written as a date far away."""
SAID_AS_LAST_DAYS = frozenset({"holds_until", "expected_until", "returned_on", "closed_on", "ended_on"})
"""Ends of which files mostly name the last day. `left_on` is none: the day of leaving is itself a leaver's."""

REFERENCE_OF = {
    "worker": "worker",
    "duplicate": "worker",
    "converted_to": "worker",
    "agency_worker": "agency_worker",
    "post": "post",
    "from_post": "post",
    "to_post": "post",
    "posts": "post",
    "cover": "cover",
    "converted_from": "cover",
    "holding": "holding",
    "campaign": "campaign",
    "cohort": "cohort",
    "panel": "panel",
}
"""Which kind of reference each field holds."""
SCHEMES = {"worker": "worker", "agency_worker": "agency-worker", "holding": "holding"}
"""References that lead to a person, and by which scheme of numbers: only their pseudonyms are stated."""

NUMBERED = frozenset({"post", "cover", "application", "session"})
"""References that are numbers in every source, and published. Campaigns and panels may be called by words."""

DETAIL_DATES = frozenset({"date_of_birth"})
_MOST_PLACES = 999
"""The largest FTE that a post can be funded for."""


class Compiler:
    """Makes the rules of one file, and collects what is wrong with its words."""

    def __init__(self, name: str, words: Any, document: Document) -> None:
        self.words = words
        self.document = document
        self.faults: list[MappingFault] = []
        self._path: tuple[str, ...] = ("files", name)
        kind = Kind(self.words.kind)
        event = EVENT_MODELS[self.words.event] if kind is Kind.CHANGES else None
        self.rules = RowRules(kind, event)
        self.rules.short_rows_are_blank = words.layout.short_rows == "blank"
        self.rules.schemes = {one: self._rule(one).scheme or scheme for one, scheme in SCHEMES.items()}

    def compiled(self) -> RowRules:
        """The rules. They have no meaning if there are faults."""
        rules, columns = self.rules, self.words.columns
        if rules.event is not None:
            kind = rules.event.subject_kind
            with self._at("subject"):
                rules.subject = self._reference(kind, self.words.subject, required=True)
        for name, stated in fields_of(rules.kind, rules.event).items():
            words = getattr(columns, name)
            if words is not None:
                with self._at("columns", name):
                    rules.fields[name] = self._field(name, stated, words)
                    self._with_words_or_without(words, rules.fields[name].slots)
        if rules.event is None:
            name = {Kind.POSTS: "post", Kind.HOLDINGS: "worker", Kind.COVERS: "cover"}[rules.kind]
            rules.subject = rules.fields.get(name, rules.subject)
            rules.made_posts = rules.kind is Kind.POSTS and isinstance(rules.subject, MadeReference)
        elif self.words.key:
            rules.key_slots = tuple(rules.slot((one,)) for one in self.words.key)
        self._scopes()
        self._details()
        return rules

    @contextmanager
    def _at(self, *path: str) -> Iterator[None]:
        """Enter faults that are found within under this path."""
        before = self._path
        self._path = (*before, *path)
        try:
            yield
        except (Trouble, WrongFormat) as fault:
            expected = (
                fault.expected if isinstance(fault, Trouble) else "formats as dd/mm/yyyy, yyyymmdd, d-mmm-yy, excel"
            )
            problem = fault.problem if isinstance(fault, Trouble) else str(fault)
            self._fault(problem, expected, fault.value if isinstance(fault, Trouble) else None)
        except LeaveOut:
            self._fault("leaves out every row", "a code")
        finally:
            self._path = before

    def _fault(self, problem: str, expected: str, value: str | None = None) -> None:
        self.faults.append(MappingFault(".".join(self._path), problem, expected, value=value))

    def _with_words_or_without(self, words: FieldWords, slots: tuple[int, ...]) -> None:
        """Enter whether the cells of a field hold words: codes and titles do, numbers, dates and references do not."""
        made = isinstance(words, ReferenceWords) and words.made_of
        if isinstance(words, DateWords | NumberWords | FteWords | ReferenceWords) and not made:
            self.rules.wordless.update(slots[:1])  # of an FTE its own cell: that of its grade holds words
        else:
            self.rules.worded.update(slots)

    def _rule(self, kind: str) -> ReferenceRule:
        return next((rule for one, rule in self.document.references.items() if one == kind), ReferenceRule())

    def _field(self, name: str, stated: Stated, words: FieldWords) -> FieldReader:
        if isinstance(words, ReferenceWords):
            return self._reference(REFERENCE_OF[name], words, stated.required or name == "holding")
        if isinstance(words, TextWords):
            return self._simple(words, title, stated.required)
        if isinstance(words, FteWords):
            return self._fte(name, words, stated.required)
        if isinstance(words, ListWords):
            return self._simple(words, self._list(name, stated, words), stated.required)
        if isinstance(words, DateWords):
            return self._simple(words, self._date(name, words), stated.required)
        if isinstance(words, CodeWords):
            return self._simple(words, self._code(stated.type, words), stated.required)
        if isinstance(words, NumberWords):
            whole = stated.type is int
            return self._simple(words, partial(whole_or_decimal, whole=whole, decimal=words.decimal), stated.required)
        return self._simple(words, self._flag(words), stated.required)

    def _simple(
        self, words: FieldWords, convert: Callable[[str], Any], required: bool, personal: bool = False
    ) -> FieldReader:
        if words.column is None:
            try:
                return Constant(convert(words.value or ""))
            except Trouble as trouble:
                raise Trouble(trouble.problem, trouble.expected, value=words.value) from None
        return OneCell(words.column[0], self.rules.slot(words.column, words.optional), convert, required, personal)

    def _reference(self, kind: str, words: ReferenceWords, required: bool) -> FieldReader:
        if words.made_of:
            parts = tuple(self._simple(part, self._code(str, part), required=True) for part in words.made_of)
            return MadeReference(parts, kind in SCHEMES)
        rule = self._rule(kind)
        numbered = kind in NUMBERED and words.column is not None and not rule.without_digits
        return self._simple(words, reference_reader(rule, numbered), required, kind in SCHEMES)

    def _date(self, name: str, words: DateWords) -> Callable[[str], date | None]:
        formats = words.dates or self.words.dates
        if name not in ENDS:
            if words.means is not None:
                self._fault("is not an end", "`means` beside the end of something alone")
            return begin_reader(formats)
        means = words.means
        if means is None and name in SAID_AS_LAST_DAYS:
            means = self.words.end_dates
            if means is None:
                self._fault(
                    "is an end, and nothing says whether it is the last day or the day after",
                    "`end_dates: last-day` or `end_dates: day-after` for the file, or `means` here",
                )
        return end_reader(formats, self.words.no_end, means == "last-day")

    def _code(self, type_of_field: type, words: CodeWords) -> Callable[[str], Any]:
        coded = type_of_field if issubclass(type_of_field, Enum) else None
        choices: dict[str, Any] = dict(codes.choices_of(coded)) if coded else {}
        right = codes.codes_in_words(coded) if coded else "a name as mash-and-assessment"
        table: dict[str, Any] = {codes.folded(text): code for text, code in choices.items()}
        expected = f"one of {right}"
        table_of_codes = self._table(words.codes)
        if table_of_codes is not None:
            table = {}
            for text, code in table_of_codes.items():
                table[codes.folded(text)] = self._choice(code, choices, right, (codes.LEAVE_OUT, codes.BLANK), text)
            expected = codes.expected_of(table_of_codes)
        spell = coded is None and (words.column is None or words.unmatched == codes.SPELL)
        if coded is None and table_of_codes is None and not spell:
            self._fault(
                "names no table, so everything in the column would be published",
                "`codes` with the names that there are (`workforce map` lists them), or `unmatched: spell`",
            )
        unmatched: Any = codes.REJECT
        if words.unmatched not in (codes.REJECT, codes.SPELL):
            unmatched = self._choice(words.unmatched, choices, right, (codes.LEAVE_OUT, codes.BLANK), "unmatched")
        elif words.unmatched == codes.SPELL and not spell:
            self._fault("cannot be spelt: it is a code", f"reject, leave-out, blank, or one of {right}", codes.SPELL)
        blank = None if words.blank is None else self._choice(words.blank, choices, right, (), "blank")
        return codes.code_reader(table, expected, unmatched, blank, spell, table_of_codes or ())

    def _table(self, codes_stated: Codes | None) -> dict[str, str] | None:
        if isinstance(codes_stated, str):
            if codes_stated not in self.document.codes:
                known = ", ".join(self.document.codes) or "none yet"
                expected = near_first(codes_stated, self.document.codes, f"one under `codes`: {known}")
                self._fault("names a table that is not there", expected, codes_stated)
                return {}
            codes_stated = self.document.codes[codes_stated]
        return {text: self._spelt(text) for text in codes_stated} if isinstance(codes_stated, tuple) else codes_stated

    def _spelt(self, text: str) -> str:
        """A text of a list, as the code that it is itself."""
        try:
            return codes.named(text)
        except Trouble as trouble:
            self._fault(f"has a list in which {text!r} {trouble.problem}", "a table with the code of each", text)
            return codes.BLANK  # so that nothing more is told of it

    def _choice(self, code: str, choices: dict[str, Any], right: str, words: tuple[str, ...], where: str) -> Any:
        """The code that a mapping names; a word as `leave-out` stands for itself."""
        if code in words:
            return code
        if not choices:
            try:
                if codes.named(code) == code:
                    return code
            except Trouble:
                pass
        elif code in choices:
            return choices[code]
        more = f", or {' or '.join(words)}" if words else ""
        expected = f"one of {right}{more}" if choices else f"{right}{more}"
        self._fault(f"{where!r} leads to no code", near_first(code, (*choices, *words), expected), code)
        return None

    def _list(self, name: str, stated: Stated, words: ListWords) -> Callable[[str], tuple[Any, ...]]:
        coded = issubclass(stated.type, Enum)
        kind = REFERENCE_OF.get(name, "")
        rule = self._rule(kind)
        numbered = kind in NUMBERED and words.column is not None and not rule.without_digits
        read = self._code(stated.type, words) if coded else reference_reader(rule, numbered)

        def several(cell: str) -> tuple[Any, ...]:
            values = (read(part) for part in plain(cell).split(words.separator))
            return tuple(one for one in values if one)

        return several

    def _flag(self, words: FieldWords) -> Callable[[str], bool | None]:
        flag_words = words if isinstance(words, FlagWords) else FlagWords(value="")
        table = {
            **{codes.folded(one): True for one in flag_words.yes},
            **{codes.folded(one): False for one in flag_words.no},
        }

        def flag(cell: str) -> bool | None:
            text = codes.folded(plain(cell))
            if text and text not in table:
                raise Trouble("is neither yes nor no", f"one of {', '.join((*flag_words.yes, *flag_words.no))}")
            return table.get(text)

        return flag

    def _fte(self, name: str, words: FteWords, required: bool) -> FieldReader:
        most = _MOST_PLACES if name == "funded_fte" else 1
        column = words.column
        if column is None:
            value = amounts.ratio(words.value or "")
            if value is None:
                raise Trouble("is blank", "a number as 0.6")
            return Constant(amounts.as_fte(value, most))
        if name == "funded_fte" and words.zero == "accept":
            words = words.model_copy(update={"zero": "reject"})
        full_time = words.full_time
        if isinstance(full_time, Decimal) and full_time <= 0:
            raise Trouble("has hours of full time of 0", "hours above 0, as 37", value=str(full_time))
        hours_column = full_time.column if isinstance(full_time, HoursColumn | HoursByGrade) else None
        hours = {} if not isinstance(full_time, HoursByGrade) else full_time.hours
        return Fte(
            column[0],
            words,
            most,
            self.rules.slot(column, words.optional),
            None if hours_column is None else self.rules.slot((hours_column,)),
            None if words.weeks is None else self.rules.slot((words.weeks,)),
            {codes.folded(grade): value for grade, value in hours.items()},
            required,
        )

    def _scopes(self) -> None:
        for keeps, rules in ((False, self.words.left_out), (True, self.words.only)):
            for name, rule in rules.items():
                self.rules.scopes.append(self._scope(name, rule, keeps))

    def _scope(self, name: str, rule: ScopeRule, keeps: bool) -> Scope:
        patterns = tuple(compile_pattern(translate(one), IGNORECASE) for one in rule.like)
        return Scope(name, self.rules.slot(rule.column), patterns, rule.blank, keeps)

    def _details(self) -> None:
        persons = getattr(self.words, "persons", None)
        for name in type(persons).model_fields if persons is not None else ():
            words = getattr(persons, name)
            if words is not None:
                with self._at("persons", name):
                    self.rules.details.append(self._detail(name, words))

    def _detail(self, name: str, words: PersonWords) -> Detail:
        convert: Callable[[str], str | None]
        if name in DETAIL_DATES:
            convert = birth_reader(words.dates or self.words.dates)
        else:
            table = self._table(words.codes)
            folded_table = None if table is None else {codes.folded(text): code for text, code in table.items()}
            convert = partial(detail_text, table=folded_table)
        slots = ((column, self.rules.slot((column,))) for column in words.columns)
        return Detail(name, tuple(OneCell(column, slot, convert, personal=True) for column, slot in slots))
