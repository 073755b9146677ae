"""The JSON Schemas of what metrics answers, for its documentation.

Invariant: they name every member there can be. If an answer has another one, either the schema or the answer is wrong.
"""

from typing import Any

from contracts.catalogue import EVENT_MODELS
from services.chassis.documentation import record, several
from services.metrics.academy.outcomes import COUNTED
from services.metrics.figures.age import STALE_AFTER_MONTHS
from services.metrics.figures.periods import Every
from services.metrics.ingest.feeds import MOST_TOLD
from services.metrics.measures.bands import BANDS
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import EVERY_OWNER, Kind, Unit
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.quality.catalogue import CHECKS
from services.metrics.quality.declaration import SEVERITIES
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Scope

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXTS = several(TEXT)
WHOLE: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": ["number", "null"], "description": "null where there is no figure: `reason` says why."}
REASON: Schema = {"enum": list(Reason), "description": "Why the figure beside it is null; left out where none is."}
WHY = {"reason": REASON}
"""Beside every figure that can be null."""
REASONS = several({"enum": [*Reason, None], "description": "null where there is a figure."})
"""Beside every list of figures some of which can be null, in their order; left out where none is."""
EXACT: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "description": "Exact, as a decimal."}
DATE: Schema = {"type": "string", "format": "date"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
COMPLETE_UNTIL: Schema = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "Every event that was accepted before has arrived and was derived; null while that cannot be said. "
    "It is never later than the as_accepted_at to which a report is pinned (of two reports, the later one). So a "
    "pinned report comes to say that instant, and keeps it. as_known_at alone does not do that.",
}
RECORDED_UNTIL: Schema = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "The time of the newest record of the authority that the answer knows of; of all authorities the "
    "oldest of these. null where nothing is known.",
}
STALE: Schema = {
    "type": "boolean",
    "description": f"Whether the answer speaks of a day more than {STALE_AFTER_MONTHS} months after the newest record "
    "of a service (recruitment, retention) on which it rests: what happened since was not sent.",
}
FEEDS: Schema = several(
    record(
        {"source": TEXT, "service": {"enum": sorted(EVERY_OWNER)}, "recorded_until": INSTANT},
    )
) | {
    "description": "Of one authority each source of events, by the service that took them in, and the time of its "
    "newest record that the answer knows of; none of all authorities."
}
MORE_FEEDS: Schema = FLAG | {"description": f"Whether there are more than {MOST_TOLD} feeds: /v1/feeds lists them all."}
AGE = {
    "feeds": FEEDS,
    "more_feeds": MORE_FEEDS,
    "recorded_until": RECORDED_UNTIL,
    "complete_until": COMPLETE_UNTIL,
    "stale": STALE,
}
"""How old is what is known: every answer of events says it."""
LINK: Schema = {"type": "string", "pattern": "^/v1/"}
SUBJECTS = several({"type": "string", "pattern": "^[a-z][a-z-]*/"})


def or_null(schema: Schema) -> Schema:
    """The schema of something that may be null."""
    return {**schema, "type": [schema["type"], "null"]}


def links(*names: str) -> Schema:
    """The links of an answer: the pinned one, and those that it can have besides."""
    return record({"pinned": LINK}, dict.fromkeys((*names, "next"), LINK))


AUTHORITY: Schema = {"type": "string", "pattern": "^([0-9]{3}|all)$"}
SCOPE: Schema = {"enum": list(Scope)}
PAGE = {"count": WHOLE, "limit": WHOLE, "offset": WHOLE}
KNOWN = {"as_known_at": INSTANT} | AGE
ACCEPTED = {"as_accepted_at": INSTANT}
_DIMENSION: Schema = {"type": ["string", "integer", "null"], "description": "null where it is not stated."}
DIMENSIONS = dict.fromkeys(EVERY_DIMENSION, _DIMENSION)
WHERE: Schema = {"type": "object", "properties": DIMENSIONS, "additionalProperties": False}
UNIT: Schema = {"enum": list(Unit)}
_ELAPSED = {"provisional": {"const": True}, "planned": {"const": True}}
_OF_A_POINT = _ELAPSED | {"stale": {"const": True}}
TIME = {"from": DATE, "to": DATE, "as_at": DATE, "months": WHOLE, "above": WHOLE} | _ELAPSED
_BESIDE = sorted({name for measure in MEASURES.values() for name in getattr(measure, "also", ())})
MARK: Schema = {"const": "u"}
MEDIAN: Schema = {
    # Two dimensions have a band of the same name.
    "enum": [*dict.fromkeys(str(band) for bands in BANDS.values() for band in bands), None],
    "description": "Of figures that are broken down by bands alone (age, length of service, tenure, caseload): the "
    "band of the median. At least half of the whole lies in it and the bands before it. null if the whole is 0.",
}

DESCRIBED = {
    "measure": {"enum": list(MEASURES)},
    "title": TEXT,
    "definition": TEXT,
    "source": TEXT,
    "unit": UNIT,
    "kind": {"enum": list(Kind)},
}
_FACTS = DESCRIBED | {"authority": AUTHORITY, "scope": SCOPE} | KNOWN
_MORE_FACTS = {"formula": TEXT, "where": WHERE} | ACCEPTED
_CHOSEN = several({"enum": list(EVERY_DIMENSION)})

FIGURE = record(
    _FACTS
    | {
        "by": _CHOSEN,
        "rows": several(
            record(
                {"value": NUMBER},
                DIMENSIONS | WHY | {"mark": MARK, "exact": EXACT} | dict.fromkeys(_BESIDE, NUMBER),
            )
        ),
        "total": NUMBER,
        "links": links("explanation"),
    },
    _MORE_FACTS
    | TIME
    | WHY
    | {"total_mark": MARK, "exact": EXACT, "rounding": TEXT, "median_in": MEDIAN}
    | {f"total_{name}": NUMBER for name in _BESIDE},
)

_LINES = dict.fromkeys(("centre", "lower", "upper"), NUMBER)
_RANGES = dict.fromkeys(("mean_moving_range", "upper_range_limit"), NUMBER)
_CHART = record(
    {
        "points": several(record(_LINES | {"rules": TEXTS, "phase": WHOLE}, WHY)),
        "phases": several(
            record({"phase": WHOLE, "start": WHOLE, "points": WHOLE} | _LINES | _RANGES | {"provisional": FLAG}, WHY)
        ),
    }
)
SERIES = record(
    _FACTS
    | {
        "every": {"enum": list(Every)},
        "by": _CHOSEN,
        "periods": several(record({"from": DATE, "to": DATE}, {"as_at": DATE} | _OF_A_POINT)),
        "rows": several(record({"values": several(NUMBER)}, DIMENSIONS | {"reasons": REASONS})),
        "totals": several(NUMBER),
        "links": links(),
    },
    _MORE_FACTS
    | {
        "months": WHOLE,
        "above": WHOLE,
        "reasons": REASONS,
        "control_chart": _CHART,
        "no_control_chart": TEXT,
        "left_out": TEXTS,
    },
)
MEASURES_LISTED = record(
    {
        "measures": several(record(DESCRIBED | {"dimensions": _CHOSEN}, {"formula": TEXT})),
        "dimensions": several(record({"dimension": TEXT, "meaning": TEXT})),
        "control_chart_rules": several(record({"rule": TEXT, "meaning": TEXT})),
    }
)

_PART = record(
    {"amount": EXACT, "since": DATE, "until": or_null(DATE), "subjects": SUBJECTS},
    DIMENSIONS | {"made_of": several(record({"subject": TEXT, "as": TEXT, "amount": EXACT}))},
)
_TERM = record(
    {
        "measure": {"enum": list(MEASURES)},
        "title": TEXT,
        "side": {"enum": ["numerator", "denominator"]},
        "sign": {"enum": [-1, 1]},
        "exact": or_null(EXACT),
        "unit": UNIT,
        "explanation": LINK,
    },
    WHY,
)
EXPLANATION = record(
    _FACTS | {"total": NUMBER, "links": links("events_of_subject")},
    _MORE_FACTS
    | TIME
    | WHY
    | {"total_mark": MARK, "exact": or_null(EXACT), **PAGE, "parts": several(_PART), "terms": several(_TERM)},
)

_EVENT = {
    "id": TEXT,
    "type": {"enum": list(EVENT_MODELS)},
    "subject": TEXT,
    "recorded": INSTANT,
    "accepted": or_null(INSTANT),
    "source": TEXT,
    "provenance": or_null(TEXT),
    "data": {"type": "object"},
}
_IF_STATED = dict.fromkeys(("sourcesequence", "supersedes", "supersedessource", "voids", "voidssource"), TEXT)
EVENTS = several(record(_EVENT, _IF_STATED))
SUBJECT = record(
    {
        "subject": TEXT,
        "authority": AUTHORITY,
        **KNOWN,
        **PAGE,
        "events": several(record(_EVENT | {"in_force": FLAG}, _IF_STATED)),
        "links": links(),
    },
    ACCEPTED | {"numbers": TEXTS},
)

_CHANGED = record(
    {"measure": {"enum": list(MEASURES)}, "unit": UNIT, "before": NUMBER, "after": NUMBER},
    TIME
    | {"before_reason": REASON, "after_reason": REASON, "planned": {"enum": ["before", "both"]}, "difference": EXACT},
)
_PART_CHANGE = record(
    {
        "measure": {"enum": list(MEASURES)},
        "subjects": SUBJECTS,
        "before": EXACT,
        "after": EXACT,
        "difference": EXACT,
        "events": several(record(_EVENT | {"effect": EXACT}, _IF_STATED | {"others": WHOLE})),
    },
    DIMENSIONS,
)
CHANGES = record(
    {
        "authority": AUTHORITY,
        "scope": SCOPE,
        "from_known": INSTANT,
        "to_known": INSTANT,
        **AGE,
        "figures": several(_CHANGED),
        **PAGE,
        "changes": several(_PART_CHANGE),
        "links": links(),
    },
    {"from_accepted": INSTANT, "to_accepted": INSTANT},
)

_OF_AN_AUTHORITY = {"authority": AUTHORITY, "as_at": DATE} | KNOWN
_CHECK = {"check": {"enum": list(CHECKS)}, "title": TEXT, "severity": {"enum": list(SEVERITIES)}}
CHECKS_LISTED = record(
    {
        "checks": several(record(_CHECK | {"meaning": TEXT, "remedy": TEXT, "moves": TEXTS})),
        "severities": several(record({"severity": TEXT, "meaning": TEXT})),
    }
)
_EFFECT = record(
    {"affected_fte": EXACT},
    {
        "without": several(record({"source": TEXT, "id": TEXT})),
        "would_differ_by": {"type": "object", "additionalProperties": EXACT},
    },
)
QUALITY = record(
    _OF_AN_AUTHORITY
    | {
        "scope": SCOPE,
        "summary": several(record(_CHECK | {"findings": WHOLE})),
        "lateness": several(record({"type": TEXT, "events": WHOLE, "late": WHOLE, "median_days_late": NUMBER}, WHY)),
        **PAGE,
        "findings": several(
            record(
                _CHECK
                | {"message": TEXT, "remedy": TEXT, "since": DATE, "until": or_null(DATE), "subjects": SUBJECTS}
                | {"effect": _EFFECT, "events": EVENTS}
            )
        ),
        "links": links(),
    },
    ACCEPTED,
)

_RATIOS = ("progressed_share", "retention", "mean_service_years", "mean_service_years_of_all", "mean_days_to_progress")
_OUTCOMES = dict.fromkeys(COUNTED, WHOLE) | dict.fromkeys(_RATIOS, NUMBER)
_COHORT = {
    "cohort": TEXT,
    "entry_on": or_null(DATE),
    "completes_on": or_null(DATE),
    "completed": FLAG,
    "academy_team": or_null(TEXT),
    "places": or_null(WHOLE),
}
COHORTS = record(
    _OF_AN_AUTHORITY
    | {
        "cohorts": TEXT,
        "count": WHOLE,
        "rows": several(record(_COHORT | _OUTCOMES, WHY)),
        "over_all": record(_OUTCOMES, WHY),
        "definitions": {
            "type": "object",
            "additionalProperties": record({"title": TEXT, "definition": TEXT, "source": TEXT}),
        },
        "links": links("members", "survival"),
    },
    ACCEPTED,
)
_DAYS_OF_A_MEMBER = ("passed_on", "failed_on", "deferred_on", "progressed_on", "left_on")
_MEMBER = record(
    {"worker": TEXT, "cohort": TEXT, "started_on": DATE, **dict.fromkeys(_DAYS_OF_A_MEMBER, or_null(DATE))}
    | {"reason": or_null(TEXT), "destination": or_null(TEXT), "service_days": WHOLE}
    | {"outcomes": several({"enum": list(COUNTED)}), "events": LINK}
)
MEMBERS = record(
    _OF_AN_AUTHORITY
    | {
        "cohort": TEXT,
        "outcome": {"enum": list(COUNTED)},
        "definition": TEXT,
        "figures": record(_OUTCOMES, WHY),
        **PAGE,
        "members": several(_MEMBER),
        "links": links(),
    },
    ACCEPTED | {"cohorts": TEXT} | {name: schema for name, schema in _COHORT.items() if name != "cohort"},
)

_SHARE: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_CURVE = {
    "count": WHOLE,
    "left": WHOLE,
    "in_post": WHOLE,
    "median_days": or_null(WHOLE),
    "median_years": {"type": ["number", "null"]},
    "at_risk_by_year": several(record({"years": WHOLE, "at_risk": WHOLE})),
    "points": several(
        record(
            {"days": {"type": "number", "minimum": 0}, "at_risk": WHOLE, "left": WHOLE, "censored": WHOLE}
            | {"survival": _SHARE, "lower": _SHARE, "upper": _SHARE},
            {"months": WHOLE} | WHY,
        )
    ),
}
SURVIVAL = record(
    _OF_AN_AUTHORITY
    | {"of": TEXT, "definition": TEXT, "source": TEXT, "confidence": {"type": "number"}, "scope": SCOPE}
    | _CURVE
    | {"links": links()},
    ACCEPTED
    | WHY
    | {"cohorts": TEXT, "where": WHERE, "from": DATE, "to": DATE}
    | {"by": _CHOSEN, "rows": several(record(_CURVE, WHY | DIMENSIONS))},
)
