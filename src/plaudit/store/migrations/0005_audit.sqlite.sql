-- Who did what: settings changed, exports, reviews. Appended and never changed; each entry holds the hash of the one
-- before, so that a change shows.
CREATE TABLE audit (
    project_id TEXT    NOT NULL,
    number     INTEGER NOT NULL CHECK (number > 0),  -- without a hole
    at         INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    details    TEXT    NOT NULL,  -- a JSON object
    sha256     TEXT    NOT NULL,
    PRIMARY KEY (project_id, number)
) STRICT, WITHOUT ROWID;
