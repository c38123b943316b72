-- What the application showed. Attribution (model, prompt_version, arms) is fixed here, never read from a voter.
-- The columns that a vote's decision reads stand first, so that a long content is not touched by it.
CREATE TABLE messages (
    project_id      TEXT    NOT NULL,
    message_id      TEXT    NOT NULL,
    role            TEXT    NOT NULL,
    owner           TEXT    NOT NULL,  -- a subject's key, such as user:https://tenant.example/#auth0|1
    conversation_id TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,  -- every instant here: milliseconds since 1970-01-01 UTC
    in_reply_to     TEXT,
    model           TEXT,
    prompt_version  TEXT,
    arms            TEXT    NOT NULL,  -- a JSON object, experiment -> arm
    locale          TEXT,
    platform        TEXT,
    trace_id        TEXT,
    span_id         TEXT,
    metadata        TEXT    NOT NULL,  -- a JSON object
    content         TEXT,
    PRIMARY KEY (project_id, message_id)
) STRICT;

CREATE INDEX messages_by_conversation ON messages (project_id, conversation_id, created_at, message_id);

-- A conversation has one owner, and so do all its messages.
CREATE TABLE conversations (
    project_id      TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,  -- its newest message's created_at
    title           TEXT,
    PRIMARY KEY (project_id, conversation_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX conversations_by_owner ON conversations (project_id, owner, created_at);

-- The state: one row per (project, message, subject), whatever happens.
CREATE TABLE feedback (
    project_id TEXT    NOT NULL,
    message_id TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    vote       INTEGER CHECK (vote IN (1, -1)),  -- NULL after a removal: the row stays, so that revisions go on rising
    comment    TEXT,
    revision   INTEGER NOT NULL CHECK (revision > 0),
    contract   TEXT    NOT NULL,
    auth_level TEXT    NOT NULL,  -- how the voter was known
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL CHECK (updated_at >= created_at),
    seq        INTEGER NOT NULL,  -- its newest entry in history
    PRIMARY KEY (project_id, message_id, subject)
) STRICT, WITHOUT ROWID;

-- Every accepted submission, appended and never changed: a key's newest entry says what its row in feedback says.
-- Entries of a key are chained instead of indexed. An index over random keys would be half of what a vote writes, and
-- only a look at one message's past ever asks for them together.
CREATE TABLE history (
    seq          INTEGER PRIMARY KEY,  -- the order of acceptance over all projects
    previous_seq INTEGER,  -- the same key's entry before this one; NULL for its first
    project_id   TEXT    NOT NULL,
    message_id   TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    vote         INTEGER CHECK (vote IN (1, -1)),  -- NULL: removed
    comment      TEXT,
    revision     INTEGER NOT NULL CHECK ((revision = 1) = (previous_seq IS NULL)),
    contract     TEXT    NOT NULL,
    auth_level   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,  -- the first revision's
    updated_at   INTEGER NOT NULL   -- this revision's
) STRICT;

-- Only ever appended to at its end, so it costs a vote almost nothing; it lists votes newest first.
CREATE INDEX history_by_time ON history (project_id, updated_at);

-- SiteAssist's visitors: the id that a page keeps in its browser, as a keyed hash.
CREATE TABLE visitors (
    project_id  TEXT    NOT NULL,
    device_hash TEXT    NOT NULL,
    visitor_id  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (project_id, device_hash)
) STRICT, WITHOUT ROWID;

-- Which devices a guest's user id may come from. Both are keyed hashes.
CREATE TABLE guest_devices (
    project_id    TEXT    NOT NULL,
    user_hash     TEXT    NOT NULL,
    device_hash   TEXT    NOT NULL,
    bound_at      INTEGER NOT NULL,
    token_seen_at INTEGER,  -- since when this device shows a signed token
    PRIMARY KEY (project_id, user_hash, device_hash)
) STRICT, WITHOUT ROWID;

-- One row that a readiness check writes, to learn whether writing works.
CREATE TABLE readiness (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    checked_at INTEGER NOT NULL
) STRICT;
