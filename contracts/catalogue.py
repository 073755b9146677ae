"""The topic catalogue: which topics there are, who writes and reads them, what stands on them.

Invariant: every event type stands on exactly one topic, and every topic has one owner. The owner alone writes it, but
for its request topic, which others write to it.
"""

from dataclasses import dataclass

from contracts.events import agency_cover, hiring, leavers, policies, posts, progression_panels, working_life
from contracts.events.base import EventData

RECRUITMENT = "recruitment"
RETENTION = "retention"
METRICS = "metrics"
PEOPLE = "people"
"""It stands on no topic: what it says comes through the doors of recruitment and retention."""

DEAD_LETTER_SUFFIX = ".dead-letter"

DEAD_LETTER, WATERMARK, REPUBLISH_REQUEST = "dead-letter", "watermark", "republish-request"
"""What stands on the topics that carry no events."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. Its events are keyed by authority and subject, so what concerns one subject stays in order. The
    authority alone decides the partition, so one process takes in what concerns it.

    `carries` names what stands on a topic without events. `writers` are given where others than the owner write it.
    `readers` are the services that consume it, each as a consumer group of its own name. `partitions` can be raised
    when one consumer is outgrown. `retention_days` None keeps records for ever: the journals are the source of truth,
    but a log that is whole lets a new reader start from it.
    """

    name: str
    purpose: str
    owner: str
    readers: tuple[str, ...]
    events: tuple[type[EventData], ...] = ()
    partitions: int = 6
    retention_days: int | None = None
    carries: str = ""
    writers: tuple[str, ...] = ()

    @property
    def written_by(self) -> tuple[str, ...]:
        """The services that write it."""
        return self.writers or (self.owner,)


POSTS = Topic(
    "workforce.posts",
    "The funded slots of the structure: established, changed, closed.",
    RECRUITMENT,
    (METRICS,),
    (posts.PostEstablished, posts.PostChanged, posts.PostClosed),
)
HIRING = Topic(
    "workforce.hiring",
    "Campaigns, applications, cohorts; workers who start, move or change their FTE.",
    RECRUITMENT,
    (METRICS, RETENTION),
    (
        hiring.CampaignOpened,
        hiring.ApplicationProgressed,
        hiring.CohortOpened,
        hiring.WorkerStarted,
        hiring.WorkerMoved,
        hiring.WorkerFteChanged,
        hiring.WorkerMerged,
    ),
)
AGENCY_COVER = Topic(
    "workforce.agency-cover",
    "Assignments of agency workers: started, changed, ended.",
    RECRUITMENT,
    (METRICS,),
    (agency_cover.CoverStarted, agency_cover.CoverChanged, agency_cover.CoverEnded),
)
LEAVERS = Topic(
    "workforce.leavers",
    "Workers who left, and leavers reversed.",
    RETENTION,
    (METRICS, RECRUITMENT),
    (leavers.WorkerLeft, leavers.LeaverReversed),
)
PROGRESSION_PANELS = Topic(
    "workforce.progression-panels",
    "Panel decisions: Advanced Social Worker, and the end of the ASYE year.",
    RETENTION,
    (METRICS,),
    (progression_panels.PanelDecided,),
)
WORKING_LIFE = Topic(
    "workforce.working-life",
    "Absence, caseload, retention payments, support taken up, and demand.",
    RETENTION,
    (METRICS,),
    (
        working_life.AbsenceRecorded,
        working_life.CaseloadCounted,
        working_life.RetentionPaymentMade,
        working_life.SupportTakenUp,
        working_life.SupportSessionHeld,
        working_life.DemandCounted,
        working_life.DemandEnded,
    ),
)
POLICIES = Topic(
    "workforce.policies",
    "What councils decide about their workforce, and say in public: initiatives.",
    RETENTION,
    (METRICS,),
    (policies.InitiativeAnnounced,),
)

EVENT_TOPICS = (POSTS, HIRING, AGENCY_COVER, LEAVERS, PROGRESSION_PANELS, WORKING_LIFE, POLICIES)
"""The topics that carry events, in reading order."""

EVENT_MODELS: dict[str, type[EventData]] = {event.event_type: event for topic in EVENT_TOPICS for event in topic.events}
"""The model of an event's `data`, by CloudEvents type."""

TOPIC_OF_TYPE: dict[str, Topic] = {event.event_type: topic for topic in EVENT_TOPICS for event in topic.events}
"""The one topic an event type stands on."""


def dead_letter_topic(reader: str) -> Topic:
    """The topic on which one reading service sets aside records it cannot take in."""
    return Topic(
        f"workforce.{reader}{DEAD_LETTER_SUFFIX}",
        f"Records that {reader} could not take in: body, key and headers as they came, with where and why.",
        owner=reader,
        readers=(),
        partitions=1,
        carries=DEAD_LETTER,
    )


def watermark_topic(owner: str) -> Topic:
    """The topic on which an owner says up to where its topics are whole; only the newest record counts."""
    return Topic(
        f"workforce.{owner}.watermarks",
        f"Up to which event, and which instant, everything that {owner} accepted stands on its topics.",
        owner=owner,
        readers=readers_of(owner),
        partitions=1,
        retention_days=1,
        carries=WATERMARK,
    )


def request_topic(owner: str) -> Topic:
    """The topic on which an owner is asked to publish events again that a reader misses."""
    return Topic(
        f"workforce.{owner}.requests",
        f"What readers miss of the topics of {owner}, and ask to have published again.",
        owner=owner,
        readers=(owner,),
        partitions=1,
        retention_days=1,
        carries=REPUBLISH_REQUEST,
        writers=readers_of(owner),
    )


def readers_of(owner: str) -> tuple[str, ...]:
    """The services that read any topic of an owner."""
    return tuple(sorted({reader for topic in topics_owned_by(owner) for reader in topic.readers}))


def topics_read_by(service: str) -> tuple[Topic, ...]:
    """The event topics that a service consumes."""
    return tuple(topic for topic in EVENT_TOPICS if service in topic.readers)


def topics_owned_by(service: str) -> tuple[Topic, ...]:
    """The event topics that a service publishes, and so the event types it accepts."""
    return tuple(topic for topic in EVENT_TOPICS if topic.owner == service)


def types_on(topic: str) -> list[str]:
    """The event types of a topic."""
    return [name for name, topic_of_type in TOPIC_OF_TYPE.items() if topic_of_type.name == topic]


DEAD_LETTER_TOPICS = tuple(dead_letter_topic(service) for service in (RECRUITMENT, RETENTION, METRICS))

PUBLISHERS = tuple(sorted({topic.owner for topic in EVENT_TOPICS}))
"""The services that own event topics."""

WATERMARK_TOPICS = tuple(watermark_topic(owner) for owner in PUBLISHERS)
REQUEST_TOPICS = tuple(request_topic(owner) for owner in PUBLISHERS)

ALL_TOPICS = EVENT_TOPICS + DEAD_LETTER_TOPICS + WATERMARK_TOPICS + REQUEST_TOPICS
