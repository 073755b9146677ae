"""A slice of the campaign: every kind of fault once, on one of the brokers.

Invariant: each round is a test of its own, on a system that goes on running from one to the next.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.__main__ import again
from tests.campaign.kinds import EMBEDDED, KAFKA, KINDS
from tests.campaign.plan import plan_of
from tests.campaign.rounds import Campaign
from tests.parts import Broker, PostgreSQL

TOGETHER = {
    EMBEDDED: (
        ("service-killed", "bad-records", "heavy-questions"),
        ("replica-killed", "connections-ended", "huge-headers"),
        ("kafka-killed", "postgresql-frozen", "unfinished-requests"),
    ),
    KAFKA: (
        ("service-frozen", "database-read-only", "service-stopped-starting"),
        ("service-restarted", "topic-made-anew"),
        ("replica-frozen", "records-deleted"),
        ("offsets-moved", "records-repeated"),
        ("offsets-deleted", "connections-used-up"),
        ("postgresql-killed", "kafka-frozen"),
        ("metrics-emptied-stopped", "kafka-emptied"),
        ("metrics-emptied", "topic-deleted"),
    ),
}
"""What befalls the system in each round."""
SLACK = 5.0
"""Here a busy machine is no fault: how long health, readiness and coming back may take is for `make soak` to judge."""


def test_every_kind_of_fault_has_its_turn() -> None:
    assert {kind for rounds in TOGETHER.values() for kinds in rounds for kind in kinds} == set(KINDS)


@pytest.fixture(scope="module", params=[EMBEDDED, KAFKA])
def campaign(
    request: pytest.FixtureRequest, postgres: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Campaign]:
    """The campaign on one broker, with one system for all rounds."""
    broker: Broker = request.getfixturevalue({EMBEDDED: "embedded_broker", KAFKA: "apache_kafka"}[request.param])
    logs: Path = tmp_path_factory.mktemp("campaign")
    campaign = Campaign(logs, request.param, postgres=postgres, running=broker, slack=SLACK)
    campaign.start()
    try:
        yield campaign
    finally:
        campaign.stop()


@pytest.mark.parametrize("index", range(max(map(len, TOGETHER.values()))))
def test_nothing_is_lost_stuck_or_wrong_and_health_tells_the_truth(campaign: Campaign, index: int, seed: int) -> None:
    kinds = TOGETHER[campaign.broker][index : index + 1]
    if not kinds:
        return
    plan = plan_of(seed, index, campaign.broker, kinds[0], together=len(kinds[0]), brief=True)
    outcome = campaign.round(plan)
    print(outcome.line())
    assert {fault.kind.name for fault in plan.faults} == set(kinds[0])
    told = "\n".join(f"{violation.rule}: {violation.what}" for violation in outcome.violations)
    assert outcome.violations == [], f"{told}\nagain: {again(plan)}"
