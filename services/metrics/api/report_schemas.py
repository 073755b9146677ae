"""Models and schemas of reports: what is sent, and what is answered. They check bodies and document the routes.

Invariant: they name every member there can be.
"""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.chassis.documentation import record, several
from services.chassis.query import INSTANT as WRITTEN_INSTANT
from services.chassis.query import read_instant
from services.metrics.api import schemas
from services.metrics.api.schemas import DATE, INSTANT, LINK, NUMBER, TEXT, WHOLE, or_null
from services.metrics.measures.declaration import Unit
from services.metrics.reports.figures import OF_THE_REPORT, PATHS

MOST_QUESTIONS, LONGEST_QUESTION = 30, 500
NAME = r"^\S([^\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]{1,98}\S)$"
"""A title as it is published: of 3 to 100 characters, without control characters, and without those that nobody sees:
two reports would seem to have one name.
"""


def _read(value: object) -> object:
    """An instant as queries take it. (By itself pydantic takes a number in quotes for seconds since 1970, too.)"""
    if not isinstance(value, str):
        return value
    if (instant := read_instant(value)) is None:
        raise ValueError(f"must be {WRITTEN_INSTANT.expected}")
    return instant


WrittenInstant = Annotated[AwareDatetime, BeforeValidator(_read)]


class NewReport(BaseModel):
    """A report that is to be made."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[
        str,
        Field(
            pattern=NAME,
            description="What it is called, in 3 to 100 characters; each name once. Name no person in it.",
            examples=["Scrutiny board, November 2023"],
        ),
    ]
    questions: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION)]],
        Field(
            min_length=1,
            max_length=MOST_QUESTIONS,
            description=f"Paths with parameters, of {', '.join(PATHS)}; without {', '.join(OF_THE_REPORT)}.",
            examples=[["/v1/measures/vacancies?as_at=2023-10-31&by=role"]],
        ),
    ]
    as_known_at: Annotated[WrittenInstant | None, Field(description="As known at this instant; now if left out.")] = (
        None
    )
    as_accepted_at: Annotated[
        WrittenInstant | None, Field(description="As accepted by this instant; now if left out.")
    ] = None


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": NewReport.model_json_schema(ref_template="#/components/schemas/{model}")}
        },
    }
}


_KEPT = {"report": WHOLE, "name": TEXT, "made_by": TEXT, "made_at": INSTANT}
_KEPT |= {"as_known_at": INSTANT, "as_accepted_at": INSTANT}
_ROW = _KEPT | {"questions": WHOLE, "link": LINK}
MADE = record(_ROW | {"remarks": schemas.TEXTS})
LISTED = record(
    {"authority": schemas.AUTHORITY, **schemas.PAGE, "rows": several(record(_ROW)), "links": schemas.links()}
)
_ASKED: schemas.Schema = {"type": "string", "pattern": "^/v1/"}
_PROBLEM: schemas.Schema = {"$ref": "#/components/schemas/Problem"}
REPORT = record(
    {"authority": schemas.AUTHORITY, **_KEPT}
    | {
        "answers": several(
            record(
                {"question": _ASKED, "title": TEXT, "as_made": schemas.FLAG},
                {
                    "answer": {"anyOf": [schemas.FIGURE, schemas.SERIES, schemas.COHORTS, schemas.SURVIVAL]},
                    "problem": _PROBLEM,
                },
            )
        ),
        "links": schemas.links(),
    }
)
_WHERE: schemas.Schema = {
    "type": "object",
    "additionalProperties": {"type": ["string", "integer", "null"]},
    "description": "What it is of; empty of a total. null where it is not stated.",
}
_TIME = record({}, {"from": DATE, "to": DATE, "as_at": DATE})
_SIDE = record({"value": NUMBER, "time": _TIME}, schemas.WHY | {"explanation": LINK})
_COMPARED = record(
    {"figure": TEXT, "title": TEXT, "unit": {"enum": [*Unit, ""]}, "where": _WHERE}
    | {"earlier": or_null(_SIDE), "later": or_null(_SIDE)},
    # Of figures of which one is not known there is none, and the reason stands beside that one.
    {"difference": {"type": "number"}},
)
COMPARISON = record(
    {"authority": schemas.AUTHORITY, "earlier": record(_KEPT), "later": record(_KEPT)}
    | {
        "count": WHOLE,
        "differing": WHOLE,
        "questions": several(
            record(
                {"title": TEXT, "earlier": or_null(_ASKED), "later": or_null(_ASKED), "figures": several(_COMPARED)},
                {"changes": LINK},
            )
        ),
        "links": schemas.links(),
    }
)
TAKEN_AWAY = record({"authority": schemas.AUTHORITY, "report": WHOLE})
