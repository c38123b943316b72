-- The tables of 0002_numbers.sqlite.sql, as PostgreSQL wants them. Only new ones, so there is nobody to wait for.
--
-- What is counted is spread over nodes by `cell`, what is reviewed by `message_id`, as the votes are.

-- Combinations of what answers are told apart by. The id is a hash of the others, so nobody has to hand ids out.
CREATE TABLE cells (
    cell           BIGINT NOT NULL,
    project_id     TEXT COLLATE "C" NOT NULL,
    model          TEXT COLLATE "C",
    prompt_version TEXT COLLATE "C",
    arms           TEXT COLLATE "C" NOT NULL,  -- a JSON object, its keys sorted
    locale         TEXT COLLATE "C",
    platform       TEXT COLLATE "C",
    PRIMARY KEY (project_id, cell)
);

-- What each transaction has added to the totals or taken from them, until it is folded into them. To change the totals
-- themselves with each vote would have all votes wait for the same few rows, and for whoever holds one.
CREATE TABLE totals_changes (
    id      BIGINT PRIMARY KEY,  -- rises along the changes of one vote
    changes TEXT COLLATE "C" NOT NULL  -- JSON, see `tally`
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- Answers and votes by the hour at which the answer was shown, as 64 numbers each: one a bucket of subjects. See `lanes`;
-- NULL is 64 noughts.
CREATE TABLE totals_hourly (
    hour       BIGINT  NOT NULL,  -- when it began; an hour of the project's time zone
    cell       BIGINT  NOT NULL,
    version    BIGINT  NOT NULL,
    commented  BOOLEAN NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    auth_level TEXT COLLATE "C" NOT NULL,  -- of the votes; empty for `shown`
    shown      BYTEA,
    likes      BYTEA,
    dislikes   BYTEA,
    PRIMARY KEY (project_id, hour, cell, auth_level, commented)
);

-- The same by day of the project's time zone. The rows of no auth level hold all votes as well, of whatever kind: most of
-- what is asked for needs no others.
CREATE TABLE totals_daily (
    day        BIGINT  NOT NULL,  -- days since 1970-01-01
    cell       BIGINT  NOT NULL,
    version    BIGINT  NOT NULL,
    commented  BOOLEAN NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    auth_level TEXT COLLATE "C" NOT NULL,
    shown      BYTEA,
    likes      BYTEA,
    dislikes   BYTEA,
    PRIMARY KEY (project_id, day, cell, auth_level, commented)
);

-- In which zone a project's hours and days are those of its totals.
CREATE TABLE totals_zones (
    project_id TEXT COLLATE "C" PRIMARY KEY,
    time_zone  TEXT COLLATE "C" NOT NULL
);

-- Standing votes that are worth a look: dislikes, and likes with a comment.
CREATE TABLE review_queue (
    rank       BIGINT  NOT NULL,  -- the highest first: what kind of vote, then history.seq
    reviewed   BOOLEAN NOT NULL,  -- somebody has reviewed this very revision
    project_id TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, reviewed, rank, message_id)
);

-- The words of those votes' comments and answers, by the same rank. What they are is decided by `words`, the same on every
-- database.
CREATE TABLE search (
    rank       BIGINT   NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    words      TSVECTOR NOT NULL,
    PRIMARY KEY (project_id, rank, message_id)
);

CREATE INDEX search_by_words ON search USING gin (words);

-- What people of ours say of votes. It counts nowhere.
CREATE TABLE reviews (
    revision    INTEGER NOT NULL,  -- of the vote that was reviewed
    reviewed_at BIGINT  NOT NULL,
    project_id  TEXT COLLATE "C" NOT NULL,
    message_id  TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL,
    label       TEXT COLLATE "C" NOT NULL,
    note        TEXT COLLATE "C",
    reviewer    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, message_id, subject, revision)
);
