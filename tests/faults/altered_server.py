"""Plaudit put together otherwise: `altered_server.py ALTERATION,… serve --config …`. The last three are no controls.

    acknowledges_early     answers when a vote is queued, not when it is committed
    synchronous_normal     commits to SQLite without waiting for the disk
    as_the_server_commits  commits to PostgreSQL as that is set to, asynchronously perhaps
    hears_no_warning       takes any end of a commit in PostgreSQL for a good one
    serializable           has PostgreSQL give transactions up for others', as it does nowhere else
    short_log              moves its log into the database every few megabytes, so that a test need not write many
    short_claims           takes over at once what a process that died was sending, so that a test need not wait
"""

import asyncio
import sys
import time

from plaudit.cli import main
from plaudit.model import Role, Submission
from plaudit.rules import MessageHead, decide
from plaudit.store import outbox, postgres, postgres_connections, postgres_server, sqlite, sqlite_file
from plaudit.store.group_commit import GroupCommit
from plaudit.store.parallel_commit import ParallelCommit

FLUSH_SECONDS = 0.05


class HastyCommit(GroupCommit):
    """As stores do that flush now and then: what is not flushed yet is answered all the same."""

    def __init__(self, commit, **bounds):
        super().__init__(lambda jobs: self._flush_later(commit, jobs), **bounds)

    def write(self, job):
        written = super().write(job)
        return answered(job) if isinstance(job, Submission) else written

    @staticmethod
    def _flush_later(commit, jobs):
        if any(isinstance(job, Submission) for job in jobs):
            time.sleep(FLUSH_SECONDS)
        return commit(jobs)


class HastyParallelCommit(ParallelCommit):
    """The same on PostgreSQL."""

    def __init__(self, commit, **bounds):
        super().__init__(lambda submissions: self._flush_later(commit, submissions), **bounds)

    def write(self, submission):
        super().write(submission).add_done_callback(asyncio.Future.exception)  # which nobody will ever hear of
        return answered(submission)

    @staticmethod
    async def _flush_later(commit, submissions):
        await asyncio.sleep(FLUSH_SECONDS)
        return await commit(submissions)


def answered(submission):
    """As if nothing had stood there."""
    answer = asyncio.get_running_loop().create_future()
    answer.set_result(decide(MessageHead(Role.ASSISTANT, submission.subject), None, submission))
    return answer


def acknowledges_early():
    sqlite.GroupCommit = HastyCommit
    postgres.ParallelCommit = HastyParallelCommit


def synchronous_normal():
    open_writer = sqlite.open_writer

    def open_hasty_writer(path):
        connection = open_writer(path)
        connection.pragma("synchronous", "normal")
        return connection

    sqlite.open_writer = open_hasty_writer


def short_log():
    sqlite_file.CHECKPOINT_PAGES = 500


def short_claims():
    outbox.CLAIM_MILLISECONDS = 0


def as_the_server_commits():
    postgres_server.AT_LEAST_DURABLE = "SELECT"


def serializable():
    postgres_server.SESSION["default_transaction_isolation"] = "serializable"


def hears_no_warning():
    async def commit(connection):
        await connection.execute("COMMIT")

    postgres_connections._commit = commit


ALTERATIONS = {alter.__name__: alter for alter in (
    acknowledges_early, synchronous_normal, short_log, short_claims, as_the_server_commits, hears_no_warning,
    serializable)}

if __name__ == "__main__":
    for name in sys.argv.pop(1).split(","):
        ALTERATIONS[name]()
    main()
