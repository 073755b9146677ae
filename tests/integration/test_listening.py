"""The services listen to each other: retention to starts, recruitment to leavers.

Invariant: what one knows of the other came over Kafka.
"""

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event, fault, problem, worker_left, worker_started
from tests.parts import RealSystem


async def test_a_leaver_who_is_known_to_have_started_has_no_note(
    system: RealSystem, recruitment: Feed, retention: Feed, new: str
) -> None:
    recruitment.structured(worker_started(f"{new}-1", new))
    await arrival(system.databases["retention"], "331", {f"worker/{new}"}, 1)
    assert "notes" not in retention.structured(worker_left(new, new)).json()


async def test_a_leaver_whose_start_was_withdrawn_has_a_note(
    system: RealSystem, recruitment: Feed, retention: Feed, new: str
) -> None:
    recruitment.structured(worker_started(f"{new}-1", new))
    cancelled = {"because": "cancelled"}
    recruitment.structured(cloud_event("worker.started", f"worker/{new}", f"{new}-2", cancelled, voids=f"{new}-1"))
    await arrival(system.databases["retention"], "331", {f"worker/{new}"}, 2)
    assert "notes" in retention.structured(worker_left(new, new)).json()


async def test_recruitment_tells_which_posts_fell_vacant_since_when_and_why(
    system: RealSystem, recruitment: Feed, retention: Feed, new: str
) -> None:
    in_371 = {"authority": "371"}
    recruitment.batch(
        worker_started("S-1", "W-1", "P-1", **in_371),
        worker_started("S-2", "W-2", "P-2", **in_371),
        worker_started("S-3", "W-3", "P-3", **in_371),
        cloud_event(
            "worker.moved",
            "worker/W-2",
            "M-2",
            {"moved_on": "2023-10-09", "from_post": "P-2", "to_post": "P-3", "fte": 1},
            **in_371,
        ),
    )
    retention.structured(worker_left("L-1", "W-1", left_on="2023-09-30", **in_371))
    await arrival(system.databases["recruitment"], "371", {"worker/W-1"}, 1)
    assert recruitment.get("/v1/posts/fallen-vacant?authority=371&as_at=2023-10-31").json() == {
        "authority": "371",
        "as_at": "2023-10-31",
        "posts": [
            {"post": "P-1", "since": "2023-09-30", "because": "left"},
            {"post": "P-2", "since": "2023-10-09", "because": "moved"},
        ],
    }
    in_september = recruitment.get("/v1/posts/fallen-vacant?authority=371&as_at=2023-09-29").json()
    assert in_september["posts"] == []
    today = recruitment.get("/v1/posts/fallen-vacant?authority=371").json()
    assert [post["post"] for post in today["posts"]] == ["P-1", "P-2"]


def test_what_is_asked_wrongly_of_fallen_vacant_posts_is_told(recruitment: Feed) -> None:
    missing = fault(recruitment.get("/v1/posts/fallen-vacant"), 422)
    assert missing == {"field": "authority", "problem": "is missing", "expected": "three digits, as 331"}
    query = "authority=Leeds&as_at=yesterday&as_at=2023-11-31&at=today"
    wrong = problem(recruitment.get(f"/v1/posts/fallen-vacant?{query}"), 422)["faults"]
    assert [(fault["field"], fault["problem"], fault.get("value")) for fault in wrong] == [
        ("at", "is not a parameter", None),
        ("authority", "cannot be read", "Leeds"),
        ("as_at", "is given more than once", None),
        ("as_at", "cannot be read", "2023-11-31"),
    ]
    assert all(fault["expected"] for fault in wrong)


def test_paths_and_methods_that_there_are_not_get_problem_details(recruitment: Feed) -> None:
    assert problem(recruitment.get("/v1/nothing"), 404)["detail"] == "GET /v1/nothing: Not Found"
    problem(recruitment.get("/v1/events"), 405)
