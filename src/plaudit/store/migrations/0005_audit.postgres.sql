-- Who did what: settings changed, exports, reviews. Appended and never changed; each entry holds the hash of the one
-- before, so that a change shows.
CREATE TABLE audit (
    at         BIGINT  NOT NULL,
    number     INTEGER NOT NULL CHECK (number > 0),  -- without a hole
    project_id TEXT COLLATE "C" NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    action     TEXT COLLATE "C" NOT NULL,
    details    TEXT COLLATE "C" NOT NULL,  -- a JSON object
    sha256     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, number)
);
