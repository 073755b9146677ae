"""`python -m services.metrics.measures.document [--check]`: docs/measures.md from the declarations.

Invariant: the page says what the declarations say, and nothing else.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from services.metrics.measures.catalogue import FAMILIES, counts_of, dimensions_of
from services.metrics.measures.declaration import Measure, Rate
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.snapshot.employment import Scope
from services.metrics.timelines.dimensions import OF_POSTS

PAGE = Path(__file__).parents[3] / "docs" / "measures.md"

HEAD = """\
# Measures

Written by `python -m services.metrics.measures.document` from the declarations in `services/metrics/measures`: do not
change it by hand. How each is counted from the events is in [definitions.md](definitions.md). Ask
`GET /v1/measures/{measure}` for a figure, `/series` behind it for a series, `/explanation` for what it is made of.
"""


def page() -> str:
    """The page."""
    lines = [HEAD]
    for family in FAMILIES:
        lines += [f"## {(family.__doc__ or '').splitlines()[0].rstrip('.')}", ""]
        lines += ["| measure | definition | unit | kind | also by | source |", "|---|---|---|---|---|---|"]
        lines += [_row(measure) for measure in family.MEASURES]
        lines.append("")
    lines += ["## Dimensions", "", "| dimension | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {dimension.meaning} |" for name, dimension in EVERY_DIMENSION.items()]
    lines += [
        "",
        f"Every measure can be broken down by {_code(OF_POSTS)}, and by what 'also by' names.",
    ]
    return "\n".join(lines) + "\n"


def _row(measure: Measure) -> str:
    definition = measure.definition
    if isinstance(measure, Rate):
        definition += f" `{measure.formula}`"
    if measure.scope is Scope.CENSUS:
        definition += " Census scope."
    also = [name for name in dimensions_of(measure) if name not in OF_POSTS]
    kinds = "rate" if isinstance(measure, Rate) else str(counts_of(measure)[0].kind)
    cells = (f"`{measure.name}` {measure.title}", definition, measure.unit, kinds, _code(also), measure.source)
    return f"| {' | '.join(cells)} |"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main() -> int:
    """Write the page or, with --check, say whether it is up to date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the page is stale")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print(f"{PAGE} is stale: run python -m services.metrics.measures.document", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
