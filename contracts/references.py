"""Works out what follows when events refer to one another. When one more event becomes known, only what it changes
is worked out again.

Invariant: learning one more event costs at most the square of the logarithm of their number, however long the chains
of references are. Forests are cut into paths, so that a way to the root crosses few of them. On a path only those
nodes are looked at where something is decided.
"""

from bisect import bisect_left
from collections.abc import Sequence


class Paths:
    """A forest in which each node points to at most one other, cut into paths. A circle is broken at one of its
    nodes.

    A path goes from its top away from the root. Of the nodes that point to a node, the one with most nodes behind it
    continues the path; every other one is the top of its own path.
    """

    def __init__(self, points_to: Sequence[int | None]) -> None:
        count = len(points_to)
        self.towards = list(points_to)
        self.circles: list[list[int]] = _circles(self.towards)
        """The nodes of each circle, the last first; that one points to no node here."""
        for circle in self.circles:
            self.towards[circle[0]] = None
        behind = _those_behind_first(self.towards)
        size, heaviest = [1] * count, [-1] * count
        for node in behind:
            target = self.towards[node]
            if target is not None:
                size[target] += size[node]
                if heaviest[target] < 0 or size[node] > size[heaviest[target]]:
                    heaviest[target] = node
        self.path_of = [0] * count
        self.index_of = [0] * count
        self.nodes: list[list[int]] = []
        """The nodes of each path from its top on."""
        for node in reversed(behind):
            target = self.towards[node]
            if target is not None and heaviest[target] == node:
                self.path_of[node] = self.path_of[target]
            else:
                self.path_of[node] = len(self.nodes)
                self.nodes.append([])
            self.index_of[node] = len(self.nodes[self.path_of[node]])
            self.nodes[self.path_of[node]].append(node)


def _circles(towards: Sequence[int | None]) -> list[list[int]]:
    circles: list[list[int]] = []
    walked = [-1] * len(towards)
    for begin in range(len(towards)):
        way: list[int] = []
        node: int | None = begin
        while node is not None and walked[node] < 0:
            walked[node] = begin
            way.append(node)
            node = towards[node]
        if node is not None and walked[node] == begin:
            circles.append(sorted(way[way.index(node) :], reverse=True))
    return circles


def _those_behind_first(towards: Sequence[int | None]) -> list[int]:
    """All nodes, each after those that point to it."""
    to_come = [0] * len(towards)
    for target in towards:
        if target is not None:
            to_come[target] += 1
    ready = [node for node, count in enumerate(to_come) if count == 0]
    for node in ready:  # grows while it is walked through
        target = towards[node]
        if target is not None:
            to_come[target] -= 1
            if to_come[target] == 0:
                ready.append(target)
    return ready


class Voids:
    """Which events are void. A known event is not, unless a known void of it counts. A void counts if it is not void
    itself. Voids in a circle never count.
    """

    def __init__(self, voided: Sequence[int | None]) -> None:
        circling = {node for circle in Paths(voided).circles for node in circle}
        # A void in a circle changes nothing but the next of the circle, and is itself changed by nothing.
        self._paths = Paths([None if index in circling else to for index, to in enumerate(voided)])
        self._never = circling
        self._known = [False] * len(voided)
        self._voids = [0] * len(voided)
        # Of each path the nodes that are void whatever comes behind them; between them it is no, yes, no.
        self._decided = [list(range(len(nodes))) for nodes in self._paths.nodes]

    def learn(self, event: int) -> int | None:
        """Make an event known. Returns the event at the end of its chain of voids, if that one becomes void
        or ceases to be.
        """
        self._known[event] = True
        if event in self._never or self._voids[event]:
            return None
        node: int | None = event
        while node is not None:
            path = self._paths.path_of[node]
            top = self._paths.nodes[path][0]
            before = self.is_not_voided(top)
            _put_or_take(self._decided[path], self._paths.index_of[node], self._is_decided(node))
            now = self.is_not_voided(top)
            if before is now:
                return None
            beyond = self._paths.towards[top]
            if beyond is None:
                return top
            was_decided = self._is_decided(beyond)
            self._voids[beyond] += 1 if now else -1
            node = beyond if self._is_decided(beyond) is not was_decided else None
        return None

    def is_not_voided(self, event: int) -> bool:
        """Whether an event is not void, as far as is known."""
        path, index = self._paths.path_of[event], self._paths.index_of[event]
        decided = self._decided[path]
        following = bisect_left(decided, index)
        end = decided[following] if following < len(decided) else len(self._paths.nodes[path])
        return (end - index) % 2 == 1

    def _is_decided(self, event: int) -> bool:
        return not self._known[event] or self._voids[event] > 0


class Versions:
    """Which of the events that are not void no other one supersedes, directly or through other known events."""

    def __init__(self, paths: Paths) -> None:
        count = len(paths.towards)
        self._paths = paths
        self._known = [False] * count
        self._not_voided = [False] * count
        self._superseding = [0] * count
        # Of each path the nodes that decide for those before them: one that is unknown parts them from what comes
        # behind; one that is not void, or that such a one supersedes from another path, supersedes them.
        self._deciding = [list(range(len(nodes))) for nodes in paths.nodes]
        self._from_top = [False] * len(paths.nodes)

    def learn(self, event: int) -> list[int]:
        """Make an event known. Returns those events that it may cause to be overtaken or not."""
        self._known[event] = True
        return self._update(event)

    def note(self, event: int, not_voided: bool) -> list[int]:
        """Note whether a known event is void. Returns those events that this may cause to be overtaken or not."""
        self._not_voided[event] = not_voided
        return self._update(event)

    def counts(self, event: int) -> bool:
        """Whether an event is not void, and no other one that is not supersedes it."""
        path, index = self._paths.path_of[event], self._paths.index_of[event]
        return self._not_voided[event] and not self._superseding[event] and not self._any_not_voided(path, index + 1)

    def _update(self, event: int) -> list[int]:
        affected: list[int] = []
        node: int | None = event
        while node is not None:
            path, index = self._paths.path_of[node], self._paths.index_of[node]
            nodes, deciding = self._paths.nodes[path], self._deciding[path]
            _put_or_take(deciding, index, not self._known[node] or self._has_one(node))
            nearest = bisect_left(deciding, index) - 1
            affected += [node] if nearest < 0 else [node, nodes[deciding[nearest]]]
            before, now = self._from_top[path], self._any_not_voided(path, 0)
            beyond = self._paths.towards[nodes[0]]
            if before is now or beyond is None:
                break
            self._from_top[path] = now
            had_one = self._has_one(beyond)
            self._superseding[beyond] += 1 if now else -1
            affected.append(beyond)
            node = beyond if self._has_one(beyond) is not had_one else None
        return affected

    def _has_one(self, event: int) -> bool:
        """Whether an event is not void, or another one supersedes it from another path."""
        return self._not_voided[event] or self._superseding[event] > 0

    def _any_not_voided(self, path: int, index: int) -> bool:
        """Whether from an index of a path on any is not void, up to one that is not known."""
        deciding = self._deciding[path]
        following = bisect_left(deciding, index)
        if following == len(deciding):
            return False
        node = self._paths.nodes[path][deciding[following]]
        return self._known[node] and self._has_one(node)


def _put_or_take(indexes: list[int], index: int, there: bool) -> None:
    """Put an index into a sorted list, or take it out."""
    at = bisect_left(indexes, index)
    if (at < len(indexes) and indexes[at] == index) is not there:
        if there:
            indexes.insert(at, index)
        else:
            del indexes[at]
