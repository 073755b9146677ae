"""Which names of a closed list may be meant by a word that is not one of them.

Invariant: only names of the list are told. The word that came is not repeated.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from os.path import commonprefix

MOST_NEAR = 3
"""Names that are told: those nearest. More would hide the right one."""
MOST_LISTED = 10
"""Names that are told where no name is near: a longer list is read where it stands."""
CLOSE = 0.65
"""How similar (difflib's ratio) a name must be. Two letters exchanged in a short word are still so."""
SHORTEST = 3
"""Letters without which nothing can be said: every short code is near to every other."""
LONGEST = 80
"""Letters of a word that are looked at: no name is longer."""
REMEMBERED = 1_000
"""Words whose nearest names are not looked for again: whoever mistypes a word sends it with every row."""


def near(word: str, names: Iterable[str]) -> list[str]:
    """The names that may be meant, nearest first: those written alike, then those that begin with the word."""
    return list(_near(word[:LONGEST], tuple(names)))


def near_first(word: str, names: Iterable[str], expected: str) -> str:
    """What would be right, the names that may be meant first."""
    found = near(word, names)
    return f"perhaps {' or '.join(found)}; {expected}" if found else expected


def meant(word: str, names: Iterable[str]) -> str:
    """A sentence with the names that may be meant, or else how many there are, and if they are few which."""
    known = list(names)
    if found := near(word, known):
        return f"Perhaps {' or '.join(found)} is meant."
    if not known:
        return "There is none yet."
    listed = f": {', '.join(known)}" if len(known) <= MOST_LISTED else ""
    return f"There {'is' if len(known) == 1 else 'are'} {len(known)}{listed}."


@lru_cache(maxsize=REMEMBERED)
def _near(word: str, names: tuple[str, ...]) -> tuple[str, ...]:
    came, by_letters = _letters(word), {_letters(name): name for name in names}
    # What all names begin with, as types of events do, tells nothing apart.
    common = commonprefix(list(by_letters)).rpartition(".")[0]  # noqa: RUF071  (letters are meant, not folders)
    came = came.removeprefix(common)
    by_letters = {letters.removeprefix(common): name for letters, name in by_letters.items()}
    if len(came) < SHORTEST:
        return ()
    alike = get_close_matches(came, by_letters, n=MOST_NEAR, cutoff=CLOSE)
    longer = [letters for letters in by_letters if letters.startswith(f"{came}-") and letters not in alike]
    return tuple(by_letters[letters] for letters in (*alike, *longer)[:MOST_NEAR])


def _letters(name: str) -> str:
    """A name as it is compared: how it is joined and whether in capitals does not count."""
    return name.strip().lower().replace("_", "-").replace(" ", "-")
