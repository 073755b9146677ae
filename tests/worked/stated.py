"""Short ways to write down, by hand, what an authority states.

Invariant: what is not given is the plainest there is: a full-time social worker's post of the census, say.
"""

from typing import Any

from tests.worked.example import Fact

Number = int | float


def post(name: str, day: str, fte: Number = 1, csww_role: int | None = 5, **more: Any) -> Fact:
    """A post is funded from a day on: a case holder's, of a team of its own name, unless more is said."""
    data = {
        "effective_from": day,
        "role": "social-worker",
        "funded_fte": fte,
        "team": name.lower(),
        "service_area": "help-and-protection",
        **more,
    }
    return Fact("post.established", f"post/{name}", data if csww_role is None else {**data, "csww_role": csww_role})


def changed(name: str, day: str, **facts: Any) -> Fact:
    """A post has other facts from a day on."""
    return Fact("post.changed", f"post/{name}", {"effective_from": day, **facts})


def closed(name: str, day: str) -> Fact:
    """A post is not funded from a day on."""
    return Fact("post.closed", f"post/{name}", {"closed_on": day})


def started(worker: str, day: str, name: str = "P-1", fte: Number = 1, **more: Any) -> Fact:
    """A worker takes up a post, coming from another authority unless more is said."""
    data = {"started_on": day, "post": name, "fte": fte, "origin": "other-english-authority", "route": "direct", **more}
    return Fact("worker.started", f"worker/{worker}", data)


def moved(worker: str, day: str, from_post: str, to_post: str, fte: Number = 1, **more: Any) -> Fact:
    """A worker goes from one post to another."""
    data = {"moved_on": day, "from_post": from_post, "to_post": to_post, "fte": fte, **more}
    return Fact("worker.moved", f"worker/{worker}", data)


def fte_changed(worker: str, day: str, fte: Number, name: str = "P-1") -> Fact:
    """A worker holds the same post at another FTE."""
    return Fact("worker.fte-changed", f"worker/{worker}", {"effective_from": day, "post": name, "fte": fte})


def left(worker: str, day: str, reason: str = "resignation", destination: str = "other-english-authority") -> Fact:
    """A worker leaves."""
    return Fact("worker.left", f"worker/{worker}", {"left_on": day, "reason": reason, "destination": destination})


def reversed_leaver(worker: str, day: str) -> Fact:
    """A worker did not leave that day after all."""
    return Fact("leaver.reversed", f"worker/{worker}", {"left_on": day})


def merged(kept: str, duplicate: str) -> Fact:
    """One person had two numbers."""
    return Fact("worker.merged", f"worker/{kept}", {"duplicate": duplicate})


def covered(cover: str, day: str, name: str | None = "P-1", fte: Number = 1, **more: Any) -> Fact:
    """An agency worker's assignment begins: of a vacancy, unless more is said."""
    data = {"started_on": day, "agency_worker": f"A-{cover}", "fte": fte, "reason": "vacancy", **more}
    return Fact("cover.started", f"cover/{cover}", data if name is None else {**data, "post": name})


def cover_changed(cover: str, day: str, **facts: Any) -> Fact:
    """An assignment has other facts from a day on."""
    return Fact("cover.changed", f"cover/{cover}", {"effective_from": day, **facts})


def cover_ended(cover: str, day: str, **more: Any) -> Fact:
    """An assignment does not hold from a day on."""
    return Fact("cover.ended", f"cover/{cover}", {"ended_on": day, **more})


def absent(worker: str, day: str, returned_on: str | None, lost: Number, reason: str = "SIC") -> Fact:
    """A worker is away and loses so many working days."""
    data = {"absent_from": day, "working_days_lost": lost, "reason": reason}
    data |= {} if returned_on is None else {"returned_on": returned_on}
    return Fact("absence.recorded", f"worker/{worker}", data)


def caseload(worker: str, day: str, cases: int) -> Fact:
    """A worker's cases are counted."""
    return Fact("caseload.counted", f"worker/{worker}", {"counted_on": day, "cases": cases})


def children(series: str, day: str, number: int, demand: str = "children-in-need", area: str | None = None) -> Fact:
    """Children are counted."""
    data = {"counted_on": day, "demand": demand, "children": number}
    return Fact("demand.counted", f"demand/{series}", data if area is None else {**data, "service_area": area})


def children_ended(series: str, day: str) -> Fact:
    """A series of counts of children ends."""
    return Fact("demand.ended", f"demand/{series}", {"ended_on": day})


def decided(worker: str, day: str, decision: str, panel: str = "PN-1", **more: Any) -> Fact:
    """A panel decides on a worker: on the ASYE where the decision is one of that, else on advanced social worker."""
    of_asye = decision in ("passed", "failed")
    kind = "asye" if of_asye else "advanced-social-worker"
    data = {"panel": panel, "decided_on": day, "kind": kind, "decision": decision, **more}
    return Fact("panel.decided", f"worker/{worker}", data)


def paid(worker: str, day: str, amount: Number, completed_on: str) -> Fact:
    """A worker is paid for staying."""
    data = {"paid_on": day, "service_completed_on": completed_on, "amount": amount}
    return Fact("retention-payment.made", f"worker/{worker}", data)


def reached(application: str, day: str, stage: str, route: str = "direct", **more: Any) -> Fact:
    """An application reaches a stage."""
    data = {"stage": stage, "reached_on": day, "route": route, **more}
    return Fact("application.progressed", f"application/{application}", data)


def campaign(name: str, day: str, route: str = "open-evening", **more: Any) -> Fact:
    """A campaign opens."""
    return Fact("campaign.opened", f"campaign/{name}", {"opened_on": day, "route": route, **more})


def cohort(name: str, entry_on: str, completes_on: str) -> Fact:
    """The academy takes in a cohort."""
    return Fact("cohort.opened", f"cohort/{name}", {"entry_on": entry_on, "completes_on": completes_on})


def session(name: str, day: str, registrations: int, offer: str = "wellbeing") -> Fact:
    """A session of support is held."""
    data = {"held_on": day, "offer": offer, "registrations": registrations}
    return Fact("support-session.held", f"session/{name}", data)


def took_up(worker: str, day: str, offer: str = "clinical-supervision") -> Fact:
    """A worker takes up support."""
    return Fact("support.taken-up", f"worker/{worker}", {"taken_up_on": day, "offer": offer})
