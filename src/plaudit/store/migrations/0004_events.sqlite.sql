-- Whom to tell of which votes. Written with the vote, in its transaction, where its project has an endpoint that wants to
-- know; what is said is made of the history when it is sent.

-- The key is the order in which things are sent: what was never tried (due_at 0) first, then what failed, by its time.
CREATE TABLE outbox (
    endpoint   TEXT    NOT NULL,
    due_at     INTEGER NOT NULL,
    seq        INTEGER NOT NULL,  -- the entry of history
    project_id TEXT    NOT NULL,
    message_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,  -- that failed
    voted_at   INTEGER NOT NULL,  -- the entry's updated_at
    PRIMARY KEY (endpoint, due_at, seq)
) STRICT, WITHOUT ROWID;

-- What was tried for the last time.
CREATE TABLE dead_letters (
    endpoint   TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    project_id TEXT    NOT NULL,
    message_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    voted_at   INTEGER NOT NULL,
    died_at    INTEGER NOT NULL,
    failure    TEXT    NOT NULL,  -- of the last attempt
    PRIMARY KEY (endpoint, seq)
) STRICT, WITHOUT ROWID;
