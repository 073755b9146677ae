"""Counting of raw events, slow and obvious: what one would do with a pencil. Nothing of the services is used.

Invariant: dates and instants are compared as the text they came as (ISO 8601, all instants in UTC with Z), and nothing
recorded after `known_at` is looked at.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Event = dict[str, Any]
Figures = dict[str, Decimal]

END_OF_TIME = "9999-12-31T23:59:59Z"


def known(events: list[Event], known_at: str = END_OF_TIME) -> list[Event]:
    """The events that held, as known at an instant: without those corrected, voided or reversed; numbers merged."""
    seen = [event for event in events if event["time"] <= known_at]
    gone = {event.get("supersedes") for event in seen} | {event.get("voids") for event in seen}
    seen = [event for event in seen if event["id"] not in gone and "voids" not in event]
    stayed = {(event["subject"], event["data"]["left_on"], event["time"]) for event in of_type(seen, "leaver.reversed")}
    seen = [event for event in seen if not _reversed(event, stayed)]
    kept = {f"worker/{event['data']['duplicate']}": event["subject"] for event in of_type(seen, "worker.merged")}
    return [event | {"subject": kept.get(event["subject"], event["subject"])} for event in seen]


def of_type(events: list[Event], noun_and_verb: str) -> list[Event]:
    """The events of one type, named by its two middle words."""
    return [event for event in events if event["type"] == f"uk.workforce.{noun_and_verb}.v1"]


def _reversed(event: Event, stayed: set[tuple[str, str, str]]) -> bool:
    return event["type"] == "uk.workforce.worker.left.v1" and any(
        subject == event["subject"] and left_on == event["data"]["left_on"] and event["time"] <= reversed_at
        for subject, left_on, reversed_at in stayed
    )


@dataclass(frozen=True)
class Day:
    """One day: each post's facts, who holds which post at which FTE, and the agency assignments that run."""

    posts: dict[str, dict[str, Any]]
    held: dict[str, dict[str, Decimal]]
    covers: dict[str, dict[str, Any]]

    def in_post_by_post(self) -> Figures:
        """FTE in post on each post."""
        total: Figures = defaultdict(Decimal)
        for posts in self.held.values():
            for post, fte in posts.items():
                total[post] += fte
        return total

    def vacancies(self) -> Figures:
        """Vacant FTE by role: funded less in post, never below 0 per post. Roles without are left out."""
        in_post, total = self.in_post_by_post(), defaultdict[str, Decimal](Decimal)
        for post, facts in self.posts.items():
            total[facts["role"]] += max(Decimal(0), facts["funded_fte"] - in_post.get(post, Decimal(0)))
        return {role: fte for role, fte in total.items() if fte}

    def over_established(self) -> Figures:
        """FTE in post above the funded, by post."""
        return {
            post: fte - self.posts[post]["funded_fte"]
            for post, fte in self.in_post_by_post().items()
            if fte > self.posts[post]["funded_fte"]
        }

    def agency_cover(self) -> Figures:
        """FTE of assignments with reason vacancy, by role of the post."""
        total: Figures = defaultdict(Decimal)
        for cover in self.covers.values():
            if cover["reason"] == "vacancy":
                total[self.posts[cover["post"]]["role"]] += Decimal(str(cover["fte"]))
        return dict(total)

    def in_post(self, role: str) -> Decimal:
        """FTE in post of a role."""
        by_post = self.in_post_by_post()
        return sum((fte for post, fte in by_post.items() if self.posts[post]["role"] == role), Decimal(0))


def day(events: list[Event], as_at: str, known_at: str = END_OF_TIME) -> Day:
    """How things stood on a date, as known at an instant."""
    held_events = known(events, known_at)
    return Day(_posts(held_events, as_at), _held(held_events, as_at), _covers(held_events, as_at))


def _effective(events: list[Event], as_at: str, *types: tuple[str, str]) -> list[Event]:
    fields = {f"uk.workforce.{name}.v1": field for name, field in types}
    due = [event for event in events if event["type"] in fields and event["data"][fields[event["type"]]] <= as_at]
    return sorted(due, key=lambda event: (event["data"][fields[event["type"]]], event["time"]))


def _posts(events: list[Event], as_at: str) -> dict[str, dict[str, Any]]:
    posts: dict[str, dict[str, Any]] = {}
    types = (
        ("post.established", "effective_from"),
        ("post.changed", "effective_from"),
        ("post.closed", "closed_on"),
    )
    for event in _effective(events, as_at, *types):
        post = event["subject"].removeprefix("post/")
        if "closed_on" in event["data"]:
            posts[post] |= {"funded_fte": Decimal(0)}
            continue
        posts[post] = posts.get(post, {}) | event["data"]
        posts[post]["funded_fte"] = Decimal(str(posts[post]["funded_fte"]))
    return posts


def _held(events: list[Event], as_at: str) -> dict[str, dict[str, Decimal]]:
    held: dict[str, dict[str, Decimal]] = defaultdict(dict)
    types = (
        ("worker.started", "started_on"),
        ("worker.moved", "moved_on"),
        ("worker.fte-changed", "effective_from"),
        ("worker.left", "left_on"),
    )
    for event in _effective(events, as_at, *types):
        posts, data = held[event["subject"]], event["data"]
        if "left_on" in data:
            posts.clear()
        elif "moved_on" in data:
            del posts[data["from_post"]]
            posts[data["to_post"]] = Decimal(str(data["fte"]))
        elif data["fte"] == 0:
            del posts[data["post"]]
        else:
            posts[data["post"]] = Decimal(str(data["fte"]))
    return {worker: posts for worker, posts in held.items() if posts}


def _covers(events: list[Event], as_at: str) -> dict[str, dict[str, Any]]:
    covers: dict[str, dict[str, Any]] = {}
    types = (("cover.started", "started_on"), ("cover.changed", "effective_from"), ("cover.ended", "ended_on"))
    for event in _effective(events, as_at, *types):
        if "ended_on" in event["data"]:
            del covers[event["subject"]]
        else:
            covers[event["subject"]] = covers.get(event["subject"], {}) | event["data"]
    return covers
