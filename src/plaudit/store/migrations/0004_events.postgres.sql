-- The tables of 0004_events.sqlite.sql, as PostgreSQL wants them, spread over nodes as the votes are: by `message_id`.

-- Here several processes send. Who takes a row moves its due_at into the future, where nobody else looks for it until
-- then; so nothing has to be given back by a process that is gone.
CREATE TABLE outbox (
    due_at     BIGINT  NOT NULL,
    seq        BIGINT  NOT NULL,
    voted_at   BIGINT  NOT NULL,
    attempts   INTEGER NOT NULL,
    endpoint   TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (endpoint, due_at, seq, message_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE dead_letters (
    seq        BIGINT  NOT NULL,
    voted_at   BIGINT  NOT NULL,
    died_at    BIGINT  NOT NULL,
    attempts   INTEGER NOT NULL,
    endpoint   TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    failure    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (endpoint, seq, message_id)
);
