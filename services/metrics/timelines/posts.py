"""From the events of one post to its rows: what it is, and what FTE it is funded for.

Invariant: a post has no facts before it is established; after it closed only establishing it again funds it.
"""

from collections.abc import Hashable, Iterable
from datetime import date

from contracts.effects import Action, Steps, in_order_of_effect
from contracts.envelope import Event
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from services.metrics.timelines.amounts import millionths
from services.metrics.timelines.dimensions import Dimensions, dimensions_of_post
from services.metrics.timelines.knowledge import ONLY, fold_as_known
from services.metrics.timelines.rows import Post, PostFacts

EFFECTS = in_order_of_effect(PostClosed, PostEstablished, PostChanged)
_NOT_FUNDED = 0


def post_facts(events: Iterable[Event]) -> list[Post]:
    """The facts of one post over time, from all its events.

    - established: all facts hold as stated, also when the post had closed before;
    - changed: the facts given hold from that date on; of a post not established by then it says nothing, and a closed
      post stays without funding;
    - closed: the post is funded for 0 FTE from that date on, and keeps its other facts.
    """
    of_one_post = list(events)
    if not of_one_post:
        return []
    post = of_one_post[0].identifier
    return [
        Post(post, facts, valid_from, valid_to, known_from, known_to)
        for _, valid_from, known_from, valid_to, known_to, facts in fold_as_known(
            of_one_post, EFFECTS, facts_of_post, _alike
        )
    ]


def _alike(data: PostEstablished | PostChanged | PostClosed) -> Hashable:
    """A key that events of one day share if the last of them overrides the others: changes of the same facts, for
    example.
    """
    if isinstance(data, PostChanged):
        return tuple(fact is not None for fact in (*dimensions_of_post(data), data.funded_fte))
    return type(data)


def facts_of_post(held: dict[str, PostFacts], actions: list[Action]) -> Steps[PostFacts]:
    """The facts of one post from each date on, given what held before and some actions; the key is `ONLY`."""
    steps: dict[date, PostFacts | None] = {}
    current = held.get(ONLY)
    for day, *_between, data in actions:
        if type(data) is PostEstablished:
            current = PostFacts(dimensions_of_post(data), millionths(data.funded_fte))
        elif current is None:
            continue
        elif type(data) is PostChanged:
            current = _changed(current, data)
        else:
            current = current._replace(funded=_NOT_FUNDED)
        steps[day] = current
    return {ONLY: steps}


def _changed(facts: PostFacts, change: PostChanged) -> PostFacts:
    given = zip(dimensions_of_post(change), facts.dimensions, strict=True)
    return PostFacts(
        Dimensions._make(before if now is None else now for now, before in given),
        millionths(change.funded_fte) if facts.funded and change.funded_fte else facts.funded,
    )
