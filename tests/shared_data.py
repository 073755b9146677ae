"""Data of others that tests read where it is and never copy: a release of DfE's headline measures.

Invariant: it is looked for in one place that the environment names, or else beside the repository.
"""

import os
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
NAME = "csww_headline_measures_2017_to_2022.csv"
FOLDER = "WORKFORCE_SHARED_DATA"
"""The environment variable that names the folder; `shared/data` beside the repository, or one up, without it."""


def _folder() -> Path:
    if FOLDER in os.environ:
        return Path(os.environ[FOLDER])
    beside, above = (parent / "shared" / "data" for parent in REPOSITORY.parents[:2])
    return above if above.is_dir() and not beside.is_dir() else beside


PUBLISHED_RELEASE = _folder() / NAME
"""DfE, children's social work workforce, headline measures 2017 to 2022 (Open Government Licence v3.0)."""


def why_no_release() -> str | None:
    """Why DfE's release cannot be read here; None where it can."""
    if PUBLISHED_RELEASE.is_file():
        return None
    return f"DfE's release of 2022 is not at {PUBLISHED_RELEASE} (set {FOLDER} to the folder that holds it)"
