"""How pages are written: Jinja templates with the GOV.UK Design System's macros, and what every page says in headers.

Invariant: a page needs nothing from elsewhere and runs no script that is not ours: its Content-Security-Policy says so.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, select_autoescape

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
    found = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{found.day} {found:%B %Y}"


def moment(value: datetime | str | None) -> str:
    """An instant for people, in UTC: 31 October 2023 at 14:05 UTC."""
    if value is None:
        return "not known"
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{day(found.date())} at {found:%H:%M} UTC"


def words(value: object) -> str:
    """A code as words: social-worker is Social worker; None is Not stated."""
    text = "not stated" if value is None else str(value).replace("-", " ").replace("_", " ")
    return text[:1].upper() + text[1:]


DECIMALS = {"people": 0, "assignments": 0, "count": 0, "children": 0, "days": 0, "GBP": 0, "weeks": 1}
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


def event_words(event_type: str) -> str:
    """An event's type as words: uk.workforce.post.established.v1 is post established."""
    return event_type.removeprefix("uk.workforce.").rsplit(".", 1)[0].replace(".", " ").replace("-", " ")


def subject_words(subject: str) -> str:
    """A subject as words: post/P-0131 is Post P-0131."""
    kind, _, identifier = subject.partition("/")
    return f"{kind.capitalize()} {identifier}"


def published(answer: Mapping[str, Any], unit: str) -> str:
    """What DfE published of a rate, as a sentence: the range of the statistical neighbours, and England."""
    values = sorted(area["value"] for area in answer["neighbours"] if area["value"] is not None)
    told = []
    if values:
        told.append(f"{len(values)} neighbours {figure(values[0], unit)} to {figure(values[-1], unit)}")
    england = answer["england"]
    if england is not None and england["value"] is not None:
        told.append(f"England {figure(england['value'], unit)}")
    release = f"DfE's release {answer['release']['name']}, year to {day(answer['as_at'])}"
    return f"{' and '.join(told) or 'No published rate'} ({release})."


def _environment() -> Environment:
    templates = ChoiceLoader(
        [
            PackageLoader("services.metrics.pages"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    # Every template of the pages is HTML, and so are the macros of the design system.
    found = Environment(
        loader=templates,
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (day, moment, words, figure, difference, event_words, subject_words, published)
    found.filters |= {each.__name__: each for each in filters}
    found.globals["asset"] = lambda name: f"/assets/{DIGEST}/{name}"
    return found


ENVIRONMENT = _environment()


def page(template: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """A page."""
    return HTMLResponse(ENVIRONMENT.get_template(template).render(context), status, headers=HEADERS)
