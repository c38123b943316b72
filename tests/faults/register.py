"""The register: what clients asked for and what they were told, and whether the database agrees.

A message has one owner, so a message id stands for (message, subject). Each key has one client, which waits for an
answer before it goes on; so the key's history must be its attempts in their order, with all that were acknowledged and
some of those whose fate nobody knows: an answer of 503 and a broken connection mean "unknown".

`violations` reads the database and says in words what is wrong. The invariants' numbers: I1 every acknowledged vote is
there, I2 nothing is there that nobody sent, I3 one row a key, I4 the database is sound, I5 totals and queue say what
the votes do, I6 the history has an entry for each change and no other, I7 every answer is as it should be,
I9 an endpoint will be told of each entry once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from databases import Database, Reading, Unreadable, opened

Value = tuple[int | None, str | None]  # the vote (None: removed) and its comment

KEY = "project_id, message_id, subject"
STATE = f"{KEY}, vote, comment, revision, contract, auth_level, created_at, updated_at, seq"
# An entry's key is that of whoever voted, or of the user that they have become since, whose entries then go on from
# theirs. A vote that gave way to the user's own has a row and entries of its own still.
ENTRY_KEY = "project_id, message_id, voter"
ENTRIES = """
    SELECT h.*, CASE WHEN f.subject IS NULL THEN coalesce(l.user_key, h.subject) ELSE h.subject END AS voter
    FROM history AS h LEFT JOIN links AS l USING (project_id, subject)
    LEFT JOIN feedback AS f USING (project_id, message_id, subject)"""
NEWEST = f"SELECT *, row_number() OVER (PARTITION BY {ENTRY_KEY} ORDER BY revision DESC) AS age FROM ({ENTRIES})"
# As `derived.rank_of` has it, written once more.
QUEUED = """
    SELECT project_id, message_id, subject, seq + 72057594037927936 * CASE
        WHEN vote = 1 THEN 0 WHEN comment IS NULL THEN 1 ELSE 2 END AS rank
    FROM feedback WHERE (vote = -1 OR (vote = 1 AND comment IS NOT NULL)) AND subject NOT LIKE 'erased:%'"""
IN_QUEUE = "SELECT project_id, message_id, subject, rank FROM review_queue"

TOLD = "SELECT seq, endpoint FROM outbox UNION ALL SELECT seq, endpoint FROM dead_letters"

QUERIES = {
    "I3 more than one row of a key": f"SELECT {KEY} FROM feedback GROUP BY {KEY} HAVING count(*) > 1",
    "I3 a vote that is not its message's owner's": """
        SELECT f.message_id, f.subject FROM feedback AS f LEFT JOIN messages AS m USING (project_id, message_id)
        LEFT JOIN links AS l USING (project_id, subject)
        WHERE m.owner IS DISTINCT FROM f.subject AND (f.vote IS NOT NULL OR m.owner IS DISTINCT FROM l.user_key)""",
    "I5 the queue is not what the votes say": f"""
        SELECT * FROM ({QUEUED} EXCEPT {IN_QUEUE}) AS missing
        UNION ALL SELECT * FROM ({IN_QUEUE} EXCEPT {QUEUED}) AS left_over""",
    "I6 feedback differs from the newest history": f"""
        WITH newest AS (SELECT {STATE} FROM ({NEWEST}) WHERE age = 1)
        SELECT * FROM (SELECT {STATE} FROM feedback EXCEPT SELECT * FROM newest)
        UNION ALL SELECT * FROM (SELECT * FROM newest EXCEPT SELECT {STATE} FROM feedback)""",
    "I6 revisions with a hole": f"""
        SELECT {ENTRY_KEY}, min(revision), max(revision), count(*) FROM ({ENTRIES})
        GROUP BY {ENTRY_KEY}
        HAVING min(revision) <> 1 OR max(revision) <> count(*) OR count(*) <> count(DISTINCT revision)""",
    "I6 a broken chain of entries": f"""
        SELECT {ENTRY_KEY}, seq FROM (
            SELECT *, lag(seq) OVER (PARTITION BY {ENTRY_KEY} ORDER BY revision) AS before FROM ({ENTRIES}))
        WHERE previous_seq IS DISTINCT FROM before OR before >= seq""",
    "updatedAt goes back": f"""
        SELECT {ENTRY_KEY}, revision FROM (
            SELECT *, lag(updated_at) OVER (PARTITION BY {ENTRY_KEY} ORDER BY revision) AS before FROM ({ENTRIES}))
        WHERE before > updated_at""",
    "I9 the outbox is not what the history says": f"""
        WITH told AS (SELECT seq FROM ({TOLD}) AS any_endpoint WHERE endpoint = 'nobody')
        SELECT seq, count(told.seq) FROM history LEFT JOIN told USING (seq)
        WHERE seq >= (SELECT min(seq) FROM told) GROUP BY seq HAVING count(told.seq) <> 1
        UNION ALL SELECT seq, 0 FROM told WHERE seq NOT IN (SELECT seq FROM history)""",
    "I6 something removed that was not there": f"""
        SELECT {ENTRY_KEY}, revision FROM (
            SELECT *, lag(vote) OVER (PARTITION BY {ENTRY_KEY} ORDER BY revision) AS before,
                   lag(subject) OVER (PARTITION BY {ENTRY_KEY} ORDER BY revision) AS who FROM ({ENTRIES}))
        WHERE vote IS NULL AND before IS NULL AND subject = coalesce(who, subject)""",
}

# Without the entries by which a vote became a user's.
SUBMITTED = """
    SELECT h.message_id, h.vote, h.comment
    FROM history AS h LEFT JOIN history AS p ON p.seq = h.previous_seq AND p.message_id = h.message_id
    WHERE p.subject IS NULL OR p.subject = h.subject
    ORDER BY h.seq"""


@dataclass(eq=False, slots=True)
class Attempt:
    value: Value
    acknowledged: int | None = None  # the how-manieth acknowledgement it was


@dataclass(slots=True)
class Register:
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)  # by message id, in the order they were made
    flaws: list[str] = field(default_factory=list)  # I7: answers that were not as they should be
    acknowledged: int = 0

    def attempt(self, message_id: str, vote: int | None, comment: str | None = None) -> Attempt:
        attempt = Attempt((vote, comment))
        self.attempts.setdefault(message_id, []).append(attempt)
        return attempt

    def acknowledge(self, attempt: Attempt) -> None:
        self.acknowledged += 1
        attempt.acknowledged = self.acknowledged


def violations(register: Register, database: Database, acknowledged_max: int | None = None) -> list[str]:
    """What the database, whose server is not running where it is a file, says that contradicts the register.

    With `acknowledged_max` only so many acknowledgements bind: a copy made while later ones were given may lack those.
    """
    bound = register.acknowledged if acknowledged_max is None else acknowledged_max
    with opened(database) as reading:
        try:
            damage = [f"I4 the database is damaged: {found}" for found in reading.damage()]
            return [*register.flaws, *damage, *contradictions(reading), *_in_the_votes(reading, register, bound)]
        except Unreadable as error:
            return [f"I4 the database cannot be read: {error}"]


def contradictions(reading: Reading) -> Iterator[str]:
    """Where it contradicts itself."""
    for what, query in QUERIES.items():
        yield from (f"{what}: {row}" for row in reading.rows(query))
    yield from (f"I5 totals are not what the votes say: {total}" for total in reading.wrong_totals())


def _in_the_votes(reading: Reading, register: Register, bound: int) -> Iterator[str]:
    histories: dict[str, list[Value]] = {message_id: [] for message_id in register.attempts}
    for message_id, *value in reading.rows(SUBMITTED):
        histories.setdefault(message_id, []).append((value[0], value[1]))
    for message_id, history in histories.items():
        yield from _in_one_key(message_id, history, register.attempts.get(message_id, []), bound)


def _in_one_key(message_id: str, history: Sequence[Value], attempts: Sequence[Attempt], bound: int) -> Iterator[str]:
    for value in set(history) - {attempt.value for attempt in attempts}:
        yield f"I2 {message_id} holds {value}, which nobody sent"
    if not _explained(history, attempts, bound):
        yield f"I1 {message_id} holds {history[-3:]}, which its attempts do not explain: {attempts[-5:]}"


def _explained(history: Sequence[Value], attempts: Sequence[Attempt], bound: int) -> bool:
    """Whether the history is the attempts in their order, with or without those whose fate is unknown."""
    possible = {0}  # how many entries of the history the attempts so far may have made
    for attempt in attempts:
        after = {reached for done in possible for reached in _reached(history, done, attempt.value)}
        known = attempt.acknowledged is not None and attempt.acknowledged <= bound
        possible = after if known else possible | after
    return len(history) in possible


def _reached(history: Sequence[Value], done: int, value: Value) -> Iterator[int]:
    """One entry more, if it is this value; none, when what is to be removed is not there."""
    standing = history[done - 1][0] if done else None
    if value[0] is None and standing is None:
        yield done
    elif done < len(history) and history[done] == value:
        yield done + 1
