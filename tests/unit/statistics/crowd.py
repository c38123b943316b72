"""Invented people who vote, by bucket; and a store that has nothing but counts."""

import random
from collections import defaultdict
from dataclasses import dataclass, field

from plaudit.counts import BUCKETS, Counted, Counts, Dimension, Grouping, Selection
from plaudit.statistics import periods


@dataclass
class Crowd:
    """Answers and the votes on them, as a list; counted anew whenever somebody asks."""

    answers: list = field(default_factory=list)  # (instant, {dimension: value}, bucket, vote: 1, -1, 0)
    zone: str = "UTC"
    calls: int = 0

    async def counts(self, _project_id, selection: Selection, groupings):
        self.calls += 1
        chosen = [answer for answer in self.answers
                  if (selection.since is None or answer[0] >= selection.since)
                  and (selection.until is None or answer[0] < selection.until)]
        return [self._grouped(chosen, grouping) for grouping in groupings]

    async def dimensions(self, _project_id):
        found = defaultdict(set)
        for _, values, _, _ in self.answers:
            for dimension, value in values.items():
                found[dimension].add(value)
        return {dimension: sorted(values) for dimension, values in found.items()}

    def _grouped(self, chosen, grouping: Grouping):
        sums = defaultdict(lambda: ([0] * BUCKETS, [0] * BUCKETS, [0] * BUCKETS))
        for instant, values, bucket, vote in chosen:
            start = periods.start_of(instant, grouping.per, self.zone) if grouping.per else None
            shown, likes, dislikes = sums[start, tuple(values.get(dimension) for dimension in grouping.by)]
            shown[bucket] += 1
            likes[bucket] += vote == 1
            dislikes[bucket] += vote == -1
        return [Counted(values, start, Counts(*map(tuple, added)))
                for (start, values), added in sorted(sums.items(), key=str)]


def people(count, *, satisfaction=0.7, seed=0, answers=5):
    """(bucket, vote) of each answer that so many people saw; each has a leaning of their own."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        bucket, leaning = chance.randrange(BUCKETS), chance.betavariate(4 * satisfaction, 4 * (1 - satisfaction))
        for _ in range(min(300, int(answers * chance.paretovariate(1.3)))):
            vote = (1 if chance.random() < leaning else -1) if chance.random() < 0.4 else 0
            found.append((bucket, vote))
    return found


MODEL, PROMPT, LOCALE = Dimension("model"), Dimension("prompt_version"), Dimension("locale")
