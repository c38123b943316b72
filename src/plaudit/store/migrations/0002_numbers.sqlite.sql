-- What is counted and what is to be reviewed, kept in step by whoever writes a vote or a message, in the same transaction.
-- All of it but `reviews` can be made again from messages and feedback (see `recount`).

-- Combinations of what answers are told apart by. The id is a hash of the others, so nobody has to hand ids out.
CREATE TABLE cells (
    project_id     TEXT    NOT NULL,
    cell           INTEGER NOT NULL,
    model          TEXT,
    prompt_version TEXT,
    arms           TEXT    NOT NULL,  -- a JSON object, its keys sorted
    locale         TEXT,
    platform       TEXT,
    PRIMARY KEY (project_id, cell)
) STRICT, WITHOUT ROWID;

-- What each transaction has added to the totals or taken from them, until it is folded into them. To change the totals
-- themselves with each vote would have all votes wait for the same few rows.
CREATE TABLE totals_changes (
    id      INTEGER PRIMARY KEY,  -- rises along the changes of one vote
    changes TEXT NOT NULL         -- JSON, see `tally`
) STRICT;

-- Answers and votes by the hour at which the answer was shown, as 64 numbers each: one a bucket of subjects. See `lanes`;
-- NULL is 64 noughts.
CREATE TABLE totals_hourly (
    project_id TEXT    NOT NULL,
    hour       INTEGER NOT NULL,  -- when it began; an hour of the project's time zone
    cell       INTEGER NOT NULL,
    auth_level TEXT    NOT NULL,  -- of the votes; empty for `shown`
    commented  INTEGER NOT NULL,
    shown      BLOB,
    likes      BLOB,
    dislikes   BLOB,
    version    INTEGER NOT NULL,
    PRIMARY KEY (project_id, hour, cell, auth_level, commented)
) STRICT, WITHOUT ROWID;

-- The same by day of the project's time zone. The rows of no auth level hold all votes as well, of whatever kind: most of
-- what is asked for needs no others.
CREATE TABLE totals_daily (
    project_id TEXT    NOT NULL,
    day        INTEGER NOT NULL,  -- days since 1970-01-01
    cell       INTEGER NOT NULL,
    auth_level TEXT    NOT NULL,
    commented  INTEGER NOT NULL,
    shown      BLOB,
    likes      BLOB,
    dislikes   BLOB,
    version    INTEGER NOT NULL,
    PRIMARY KEY (project_id, day, cell, auth_level, commented)
) STRICT, WITHOUT ROWID;

-- In which zone a project's hours and days are those of its totals.
CREATE TABLE totals_zones (
    project_id TEXT NOT NULL PRIMARY KEY,
    time_zone  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Standing votes that are worth a look: dislikes, and likes with a comment.
CREATE TABLE review_queue (
    project_id TEXT    NOT NULL,
    reviewed   INTEGER NOT NULL,  -- 1: somebody has reviewed this very revision
    rank       INTEGER NOT NULL,  -- the highest first: what kind of vote, then history.seq
    message_id TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    PRIMARY KEY (project_id, reviewed, rank)
) STRICT, WITHOUT ROWID;

-- The words of those votes' comments and answers, by the same rank. What they are is decided by `words`, the same on every
-- database; so nothing is left to SQLite's tokenizer, and the text itself is not kept a second time.
CREATE VIRTUAL TABLE search USING fts5 (
    words, content = '', contentless_delete = 1, detail = 'none', tokenize = "unicode61 remove_diacritics 0"
);

-- The words that there are, so that what begins in some way is looked for as a few whole words: those are found one by one,
-- as far as a page goes.
CREATE VIRTUAL TABLE known_words USING fts5vocab(search, row);

-- What people of ours say of votes. It counts nowhere.
CREATE TABLE reviews (
    project_id  TEXT    NOT NULL,
    message_id  TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    revision    INTEGER NOT NULL,  -- of the vote that was reviewed
    label       TEXT    NOT NULL,
    note        TEXT,
    reviewer    TEXT    NOT NULL,
    reviewed_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, message_id, subject, revision)
) STRICT, WITHOUT ROWID;
