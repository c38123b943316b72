-- The tables of 0001_votes.sqlite.sql, as PostgreSQL wants them. What differs:
--
-- Text is compared byte by byte (COLLATE "C"), as SQLite does it; ids are sorted the same everywhere and fast.
-- Every primary key holds the column by which Citus may distribute its table: message_id, and elsewhere the id after
-- project_id. Messages, their votes and their history share theirs, so that a vote stays on one node.
-- There are no foreign keys and no triggers: the writers keep these rules, in the transaction that decides.

-- What the application showed. Attribution (model, prompt_version, arms) is fixed here, never read from a voter.
CREATE TABLE messages (
    created_at      BIGINT NOT NULL,  -- every instant here: milliseconds since 1970-01-01 UTC
    project_id      TEXT COLLATE "C" NOT NULL,
    message_id      TEXT COLLATE "C" NOT NULL,
    role            TEXT COLLATE "C" NOT NULL,
    owner           TEXT COLLATE "C" NOT NULL,  -- a subject's key, such as user:https://tenant.example/#auth0|1
    conversation_id TEXT COLLATE "C" NOT NULL,
    in_reply_to     TEXT COLLATE "C",
    model           TEXT COLLATE "C",
    prompt_version  TEXT COLLATE "C",
    arms            TEXT COLLATE "C" NOT NULL,  -- a JSON object, experiment -> arm
    locale          TEXT COLLATE "C",
    platform        TEXT COLLATE "C",
    trace_id        TEXT COLLATE "C",
    span_id         TEXT COLLATE "C",
    metadata        TEXT COLLATE "C" NOT NULL,  -- a JSON object
    content         TEXT COLLATE "C",
    PRIMARY KEY (project_id, message_id)
);

CREATE INDEX messages_by_conversation ON messages (project_id, conversation_id, created_at, message_id);

-- A conversation has one owner, and so do all its messages.
CREATE TABLE conversations (
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,  -- its newest message's created_at
    project_id      TEXT COLLATE "C" NOT NULL,
    conversation_id TEXT COLLATE "C" NOT NULL,
    owner           TEXT COLLATE "C" NOT NULL,
    title           TEXT COLLATE "C",
    PRIMARY KEY (project_id, conversation_id)
);

CREATE INDEX conversations_by_owner ON conversations (project_id, owner, created_at);

-- The state: one row per (project, message, subject), whatever happens. None of its columns that change has an index,
-- and a page keeps some room (fillfactor), so that a changed vote stays on its page.
CREATE TABLE feedback (
    created_at BIGINT   NOT NULL,
    updated_at BIGINT   NOT NULL CHECK (updated_at >= created_at),
    seq        BIGINT   NOT NULL,  -- its newest entry in history
    revision   INTEGER  NOT NULL CHECK (revision > 0),
    vote       SMALLINT CHECK (vote IN (1, -1)),  -- NULL after a removal: the row stays, so that revisions go on rising
    project_id TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    contract   TEXT COLLATE "C" NOT NULL,
    auth_level TEXT COLLATE "C" NOT NULL,  -- how the voter was known
    comment    TEXT COLLATE "C",
    PRIMARY KEY (project_id, message_id, subject)
) {feedback_partitions};

-- Every accepted submission, appended and never changed: a key's newest entry says what its row in feedback says.
-- Entries of a key are chained instead of indexed: an index over random keys would be half of what a vote writes.
CREATE TABLE history (
    created_at   BIGINT   NOT NULL,  -- the first revision's
    updated_at   BIGINT   NOT NULL,  -- this revision's
    seq          BIGINT   NOT NULL,  -- rises along a key's entries
    previous_seq BIGINT,             -- the same key's entry before this one; NULL for its first
    revision     INTEGER  NOT NULL CHECK ((revision = 1) = (previous_seq IS NULL)),
    vote         SMALLINT CHECK (vote IN (1, -1)),  -- NULL: removed
    project_id   TEXT COLLATE "C" NOT NULL,
    message_id   TEXT COLLATE "C" NOT NULL,
    subject      TEXT COLLATE "C" NOT NULL,
    contract     TEXT COLLATE "C" NOT NULL,
    auth_level   TEXT COLLATE "C" NOT NULL,
    comment      TEXT COLLATE "C",
    PRIMARY KEY (seq, message_id)
) {history_partitions};

-- Only ever appended to near its end, so it costs a vote little; it lists votes newest first.
CREATE INDEX history_by_time ON history (project_id, updated_at, seq);

-- Numbers for history.seq. A writer takes many at a time.
CREATE SEQUENCE history_seq AS BIGINT;

-- SiteAssist's visitors: the id that a page keeps in its browser, as a keyed hash.
CREATE TABLE visitors (
    created_at  BIGINT NOT NULL,
    project_id  TEXT COLLATE "C" NOT NULL,
    device_hash TEXT COLLATE "C" NOT NULL,
    visitor_id  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, device_hash)
);

-- Which devices a guest's user id may come from. Both are keyed hashes.
CREATE TABLE guest_devices (
    bound_at      BIGINT  NOT NULL,
    token_seen_at BIGINT,  -- since when this device shows a signed token
    came_first    BOOLEAN NOT NULL DEFAULT FALSE,  -- bound because there was no other
    project_id    TEXT COLLATE "C" NOT NULL,
    user_hash     TEXT COLLATE "C" NOT NULL,
    device_hash   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, user_hash, device_hash)
);

-- Of two devices that come first at the same moment, one was first.
CREATE UNIQUE INDEX guest_devices_first ON guest_devices (project_id, user_hash) WHERE came_first;

-- One row that a readiness check writes, to learn whether writing works.
CREATE TABLE readiness (
    id         SMALLINT PRIMARY KEY CHECK (id = 1),
    checked_at BIGINT NOT NULL
);
