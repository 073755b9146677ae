"""What the events of a row cannot have of its counts, and where our rate so differs from DfE's for a reason of ours.

Invariant: the lists are by hand. tests/published_rates.py lists the rates that DfE's own counts do not give.
"""

from enum import StrEnum

from tests.published_rates import Exempt


class Unlike(StrEnum):
    """Why events cannot have a count as DfE printed it."""

    COVER_IN_PART = (
        "no whole agency workers add up to the cover (51.6 FTE of 52 full-time workers, say; often it is just the "
        "vacancies): one covers a vacancy in part, and so has two assignments, of which each counts once"
    )
    LEFT_WITHOUT_FTE = "leavers were returned with 0 FTE; who held a post had one, so each has a millionth"


_COVER_IN_PART = {
    2017: "333 342 350 835 886 887 921 926",
    2018: "201 342 371 866 878 887 916 926",
    2019: "204 333 816 850 861 895 916 936",
    2020: "305 317 333 342 807 855 880 891 895 926 936",
    2021: "302 333 334 358 855 874 881 886 895 916 926",
    2022: "333 334 358 370 380 886 888 916 926 936",
}
_LEFT_WITHOUT_FTE = {2017: "810 831 845", 2022: "353"}

UNLIKE = {
    Exempt(count, year, code): reason
    for count, reason, listed in (
        ("agency-headcount", Unlike.COVER_IN_PART, _COVER_IN_PART),
        ("leavers-fte", Unlike.LEFT_WITHOUT_FTE, _LEFT_WITHOUT_FTE),
    )
    for year, codes in listed.items()
    for code in codes.split()
}
"""Every count that the events of its row do not have exactly: one assignment more, or a millionth for each leaver."""

_ONE_ASSIGNMENT_IS_LITTLE = {
    2017: "886",
    2018: "916",
    2019: "936",
    2020: "936",
    2021: "881 886",
    2022: "380 936",
}
"""Authorities of so many workers that one assignment more moves their agency worker rate by no more than 0.1."""

MOVED = {
    Exempt("agency-worker-rate-headcount", which.year, which.code): reason
    for which, reason in UNLIKE.items()
    if reason is Unlike.COVER_IN_PART and which.code not in _ONE_ASSIGNMENT_IS_LITTLE[which.year].split()
}
"""Every rate that so differs from DfE's by more than 0.1; nothing else but what tests/published_rates.py lists does."""

_HIDDEN_BY_ROUNDING = {
    ("agency-worker-rate-headcount", 2020): "891 926",
    ("agency-worker-rate-headcount", 2022): "886 888 926",
    ("agency-cover-rate", 2017): "925",
    ("agency-cover-rate", 2018): "210 874 884 925",
    ("agency-cover-rate", 2019): "202 830",
    ("agency-cover-rate", 2020): "353 860",
    ("agency-cover-rate", 2021): "202 356 384 821 925 926",
    ("agency-cover-rate", 2022): "896",
    ("turnover-rate", 2018): "921",
    ("turnover-rate", 2022): "867",
    ("vacancy-agency-cover-rate", 2017): "808 816 825",
    ("vacancy-agency-cover-rate", 2018): "210 873 919 937",
    ("vacancy-agency-cover-rate", 2020): "303 394 802 884 938",
    ("vacancy-agency-cover-rate", 2021): "869",
    ("vacancy-agency-cover-rate", 2022): "317",
}
HIDDEN_BY_ROUNDING = {
    Exempt(rate, year, code) for (rate, year), codes in _HIDDEN_BY_ROUNDING.items() for code in codes.split()
}
"""Rates off by more than 0.1 (76.92 for 76.8, say) that, rounded to 1 decimal as the API shows them, are not."""
