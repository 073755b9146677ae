"""The JSON Schema of mapping files, for editors that complete and check YAML as it is typed.

    python -m services.people.mapping.schema            writes mapping.schema.json beside this file
    python -m services.people.mapping.schema --check    writes nothing; exit status 1 when it is not up to date

Invariant: the schema follows from the words by which the service itself reads mappings, and is the same each time.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from services.people.mapping.document import Document

PLACE = Path(__file__).with_name("mapping.schema.json")


class _WithoutTitles(GenerateJsonSchema):
    """A title on each word would only repeat it."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No word has a title."""
        return False


def schema() -> dict[str, Any]:
    """The schema (draft 2020-12)."""
    written: dict[str, Any] = Document.model_json_schema(by_alias=True, schema_generator=_WithoutTitles)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:workforce:mapping", **written}


def text() -> str:
    """The schema as it is kept."""
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the schema, or tell whether it is up to date."""
    parser = argparse.ArgumentParser(description="The JSON Schema of mapping files.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when it is not up to date")
    if not parser.parse_args(arguments).check:
        PLACE.write_text(text(), encoding="utf-8")
        return 0
    if PLACE.exists() and PLACE.read_text(encoding="utf-8") == text():
        return 0
    print(f"{PLACE.name} is not up to date: python -m services.people.mapping.schema", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
