"""JSON in pieces is the JSON that Python writes as one."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.metrics.api.responses import AT_ONCE, json_pieces

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=40)


@given(VALUES, st.booleans(), st.integers(0, 4))
def test_pieces_are_what_python_writes(value: Any, in_order: bool, depth: int) -> None:
    compact = "".join(json_pieces(value, in_order=in_order, depth=depth))
    assert compact == json.dumps(value, separators=(",", ":"), sort_keys=in_order)
    usual = "".join(json_pieces(value, ", ", ": ", in_order=in_order, depth=depth))
    assert usual == json.dumps(value, sort_keys=in_order)


def test_no_piece_of_a_long_answer_is_long() -> None:
    rows = [{"team": f"team-{number}", "values": [number] * 12} for number in range(500)]
    body = {"periods": list(range(3 * AT_ONCE + 1)), "rows": rows, "by": (), "totals": [1.5] * AT_ONCE}
    pieces = list(json_pieces(body))
    assert "".join(pieces) == json.dumps(body, separators=(",", ":"))
    assert max(map(len, pieces)) < 6 * AT_ONCE
