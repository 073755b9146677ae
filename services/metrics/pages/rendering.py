"""How pages are written: Jinja templates with the GOV.UK Design System's macros, and the headers of every page.

Invariant: a page needs nothing from elsewhere and runs only our scripts. Its Content-Security-Policy says so.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, select_autoescape

from services.chassis.query import read_instant
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Scope

HERE = Path(__file__).parent
STATIC = HERE / "static"
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


INSTANT_IN_TEXT = r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


def _served() -> dict[str, tuple[bytes, str]]:
    """The files that pages bring, by name, with their media types: few and small, so they are kept."""
    files = (path for path in STATIC.rglob("*") if path.suffix in MEDIA_TYPES)
    return {path.relative_to(STATIC).as_posix(): (path.read_bytes(), MEDIA_TYPES[path.suffix]) for path in files}


SERVED = _served()
DIGEST = hashlib.sha256(b"".join(content for _, (content, _) in sorted(SERVED.items()))).hexdigest()[:12]
"""Stands in the address of every file: a file that changes has another address, and can be kept for ever."""


def day(value: date | str | None) -> str:
    """A date for people: 31 October 2023."""
    if value is None:
        return "no date"
    on = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{on.day} {on:%B %Y}"


def short_day(value: date | str | None) -> str:
    """The same in short, where there is little room: 31 Oct 2023."""
    if value is None:
        return "no date"
    on = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{on.day} {on:%b %Y}"


def moment(value: datetime | str | None) -> str:
    """An instant for people, in UTC: 31 October 2023 at 14:05 UTC."""
    if value is None:
        return "not known"
    at = read_instant(value) if isinstance(value, str) else value.astimezone(UTC)
    return "not known" if at is None else f"{day(at.date())} at {at:%H:%M} UTC"


def in_moments(text: str) -> str:
    """A sentence of the API with its instants as people write them."""
    return re.sub(INSTANT_IN_TEXT, lambda match: moment(match[0]), text)


def counted(count: int, what: str) -> str:
    """How many of something there are: 1 change, 2 changes."""
    return f"{figure(count, 'count')} {what}{'' if count == 1 else 's'}"


PROPER = {"english": "English", "england": "England", "asye": "ASYE", "childrens": "children's"}
"""Words of codes that have capitals of their own."""


def words(value: object) -> str:
    """A code as words: social-worker is Social worker; None is Not stated."""
    text = "not stated" if value is None else str(value).replace("-", " ").replace("_", " ")
    text = " ".join(PROPER.get(word, word) for word in text.split(" "))
    return text[:1].upper() + text[1:]


def by_name(value: object) -> tuple[bool, list[tuple[int, str]]]:
    """The order in which people look names up: Area team 2 before Area team 10, what is not stated last."""
    parts = re.split(r"(\d+)", "" if value is None else str(value))
    return value is None, [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def in_sentence(value: object) -> str:
    """The same within a sentence: other-english-authority is other English authority."""
    text = words(value)
    first = text.split(" ")[0]
    return text if first.isupper() or first in PROPER.values() else text[:1].lower() + text[1:]


DECIMALS = {"people": 0, "assignments": 0, "count": 0, "children": 0, "days": 0, "GBP": 0, "weeks": 1, "share": 3}
"""Decimals of a figure as it is shown, by its unit: one, where it is not here."""


def figure(value: float | None, unit: str = "FTE") -> str:
    """A figure as it is shown: 1,234.5; a minus sign, not a hyphen. (The answer it comes from is rounded already.)"""
    if value is None:
        return "not known"
    shown = f"{abs(value):,.{DECIMALS.get(unit, 1)}f}"
    shown = f"£{shown}" if unit == "GBP" else f"{shown}%" if unit == "%" else shown
    return f"\N{MINUS SIGN}{shown}" if value < 0 else shown


def difference(value: float | None, unit: str = "FTE") -> str:
    """A change: +2.0, −1.5, or 0."""
    if value is None:
        return "not known"
    if round(value, DECIMALS.get(unit, 1)) == 0:
        return "0"
    shown = figure(value, unit).removesuffix("%") + (" points" if unit == "%" else "")
    return f"+{shown}" if value > 0 else shown


WHY = {
    Reason.NOT_COUNTED: "Nobody counted in time: an older count no longer holds.",
    Reason.KINDS_OVERLAP: "Some children are of several kinds: each kind has its figure.",
    Reason.NOT_YET: "The days asked for are not over.",
    Reason.NO_DENOMINATOR: "There is nothing to divide by.",
    Reason.SUPPRESSED: "Held back, so that nobody can be made out.",
    Reason.NO_POLICY: "It rests on a rule that this authority has not stated.",
}


def why(reason: str) -> str:
    """Why a figure is not known, as a sentence."""
    return WHY[Reason(reason)]


WHOM = {Scope.ALL: "all posts", Scope.CENSUS: "posts of the CSWW census alone"}


def whom(scope: str) -> str:
    """Whom a figure counts, as a sentence goes on: figures of both kinds can stand on one page."""
    return WHOM[Scope(scope)]


def event_words(event_type: str) -> str:
    """An event's type as words: uk.workforce.post.established.v1 is post established."""
    return event_type.removeprefix("uk.workforce.").rsplit(".", 1)[0].replace(".", " ").replace("-", " ")


def topic_words(topic: str) -> str:
    """A topic as words: workforce.agency-cover is Agency cover."""
    return words(topic.removeprefix("workforce."))


def subject_words(subject: str) -> str:
    """A subject as words: post/P-0131 is Post P-0131."""
    kind, _, identifier = subject.partition("/")
    return f"{kind.capitalize()} {identifier}"


def published(answer: Mapping[str, Any], unit: str) -> str:
    """What DfE published of a rate, as a sentence: the range of the statistical neighbours, and England."""
    values = sorted(area["value"] for area in answer["neighbours"] if area["value"] is not None)
    parts = []
    if values:
        parts.append(f"{len(values)} neighbours {figure(values[0], unit)} to {figure(values[-1], unit)}")
    england = answer["england"]
    if england is not None and england["value"] is not None:
        parts.append(f"England {figure(england['value'], unit)}")
    release = f"DfE's release {answer['release']['name']}, year to {day(answer['as_at'])}"
    return f"{' and '.join(parts) or 'No published rate'} ({release})."


def _environment() -> Environment:
    templates = ChoiceLoader(
        [
            PackageLoader("services.metrics.pages"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    # Every template of the pages is HTML, and so are the macros of the design system.
    environment = Environment(
        loader=templates,
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (
        day,
        short_day,
        moment,
        words,
        in_sentence,
        figure,
        difference,
        event_words,
        topic_words,
        subject_words,
        published,
        why,
        whom,
        in_moments,
        counted,
    )
    environment.filters |= {each.__name__: each for each in filters}
    environment.globals["asset"] = lambda name: f"/assets/{DIGEST}/{name}"
    return environment


ENVIRONMENT = _environment()


def render(template: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """A page."""
    return HTMLResponse(ENVIRONMENT.get_template(template).render(context), status, headers=HEADERS)
