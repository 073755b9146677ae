"""Recruitment from interest to start: applications by stage, and campaigns."""

from tests.worked.example import asked, example
from tests.worked.stated import campaign, reached

EXAMPLES = (
    example(
        "an application reaches a stage once on the earliest day",
        reached("AP-1", "2023-06-01", "applied"),
        reached("AP-1", "2023-05-10", "applied", "open-evening", campaign="CM-1", role="social-worker"),
        reached("AP-1", "2023-05-10", "applied", "refer-a-friend"),
        reached("AP-1", "2023-06-01", "offered"),
        reached("AP-2", "2023-06-01", "applied"),
        asked(
            "applications",
            "census 2023",
            3,
            by="stage route",
            rows={("applied", "open-evening"): 1, ("offered", "direct"): 1, ("applied", "direct"): 1},
        ),
        asked("applications", "2023-05-10..2023-05-10", 1, by="campaign role", rows={("CM-1", "social-worker"): 1}),
        asked("applications", "2023-05-11..2023-05-31", 0),
        asked("applications", "2023-06-01..2023-06-30", 2),
        asked("applications", "census 2023", 2, where={"stage": "applied"}),
        asked("applications", "census 2023", 1, where={"stage": "applied", "campaign": None}),
    ),
    example(
        "applications and campaigns count on the first and on the last day of a period",
        reached("AP-1", "2023-03-31", "interested"),
        reached("AP-2", "2023-04-01", "interested"),
        reached("AP-3", "2024-03-31", "interested"),
        reached("AP-4", "2024-04-01", "interested"),
        campaign("CM-1", "2023-03-31"),
        campaign("CM-2", "2023-04-01", "frontline"),
        campaign("CM-3", "2024-03-31"),
        campaign("CM-4", "2024-04-01"),
        asked("applications", "financial 2023-24", 2),
        asked("campaigns-opened", "financial 2023-24", 2, by="route", rows={"frontline": 1, "open-evening": 1}),
        asked("campaigns-opened", "financial 2022-23", 1),
        asked("campaigns-opened", "2024-03-31", 2),
        asked("campaigns-opened", "2024-03-30", 2),
        asked("campaigns-opened", "2024-04-01", 2),
    ),
)
