"""A Quix Streams application as a peer: today's vacancies by role from the log of metrics, and nothing else.

`python tests/benchmark/quix_vacancies.py <kafka servers> <records> <folder of its state> <consumer group>` prints the
seconds from its first record to its last, those of its processor time, and the vacancies. It runs in an environment of
its own (`.venv/peers`), and so imports nothing of ours.

It does what such an application needs and no more: JSON without validation, the last that was said of each post and
worker in its state store, sums by role in memory. Events count in the order in which they come, and are never corrected
or withdrawn; there is no history, no agency cover, no database, and no changelog of its state.
"""

import json
import sys
import time
from collections import defaultdict
from typing import Any

from quixstreams import Application, State

TOPICS = ("workforce.posts", "workforce.hiring", "workforce.agency-cover", "workforce.leavers")
"""Those of metrics on which the benchmark's history puts events."""


class Vacancies:
    """Vacant FTE by role: of each post what it is funded for less what is held of it, never below 0."""

    def __init__(self, expected: int) -> None:
        self.expected, self.count = expected, 0
        self.began = self.ended = self.used = 0.0
        self.role: dict[str, str] = {}
        self.funded: dict[str, float] = {}
        self.held: defaultdict[str, float] = defaultdict(float)
        self.by_role: defaultdict[str, float] = defaultdict(float)

    def take(self, data: dict[str, Any], key: str, at: int, headers: list[tuple[str, bytes]], state: State) -> None:
        """One event: what its subject is now, and what that changes."""
        if not self.count:
            self.began, self.used = time.perf_counter(), time.process_time()
        authority, _, subject = key.partition(":")
        kind = dict(headers)["ce_type"].decode().removeprefix("uk.workforce.").removesuffix(".v1")
        if "because" not in data:
            if kind.startswith("post."):
                self.post(f"{authority}:{subject.partition('/')[2]}", kind, data, state)
            elif kind.startswith("worker."):
                self.worker(authority, kind, data, state)
        self.count += 1
        if self.count == self.expected:
            self.ended = time.perf_counter()

    def post(self, post: str, kind: str, data: dict[str, Any], state: State) -> None:
        """A post is established, changed or closed."""
        facts = state.get("facts", {}) | {name: data[name] for name in ("role", "funded_fte") if name in data}
        if kind == "post.closed":
            facts["funded_fte"] = 0
        state.set("facts", facts)
        before = self.vacant(post)
        role = self.role.get(post)
        self.role[post], self.funded[post] = facts.get("role", ""), facts.get("funded_fte", 0)
        if role is not None:
            self.by_role[role] -= before
        self.by_role[self.role[post]] += self.vacant(post)

    def worker(self, authority: str, kind: str, data: dict[str, Any], state: State) -> None:
        """A worker starts, moves, works more or less, or leaves."""
        held: dict[str, float] = state.get("held", {})
        now = dict(held)
        if kind == "worker.started":
            now[data["post"]] = data["fte"]
        elif kind == "worker.moved":
            now.pop(data["from_post"], None)
            now[data["to_post"]] = data["fte"]
        elif kind == "worker.fte-changed" and data["post"] in now:
            now[data["post"]] = data["fte"]
        elif kind == "worker.left":
            now = {}
        state.set("held", now)
        for post in held.keys() | now.keys():
            name = f"{authority}:{post}"
            before = self.vacant(name)
            self.held[name] += now.get(post, 0) - held.get(post, 0)
            if name in self.role:
                self.by_role[self.role[name]] += self.vacant(name) - before

    def vacant(self, post: str) -> float:
        return max(0.0, self.funded.get(post, 0) - self.held[post])


def main() -> int:
    """Read the log once from its beginning."""
    servers, expected, folder, group = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    application = Application(
        broker_address=servers,
        consumer_group=group,
        auto_offset_reset="earliest",
        state_dir=folder,
        use_changelog_topics=False,
        auto_create_topics=False,
        loglevel="ERROR",
    )
    vacancies = Vacancies(expected)
    first, *others = (
        application.dataframe(application.topic(name, key_deserializer="str", value_deserializer="json"))
        for name in TOPICS
    )
    for other in others:
        # One state for what several topics say of a worker.
        first = first.concat(other)
    first.update(vacancies.take, stateful=True, metadata=True)
    application.run(count=expected, timeout=60)
    seconds = (vacancies.ended or time.perf_counter()) - vacancies.began
    told = {role: round(vacant, 2) for role, vacant in sorted(vacancies.by_role.items())}
    print(f"{vacancies.count} records, {json.dumps(told)}", file=sys.stderr)
    print(f"{seconds} {time.process_time() - vacancies.used}")
    return 0 if vacancies.count == expected else 1


if __name__ == "__main__":
    sys.exit(main())
