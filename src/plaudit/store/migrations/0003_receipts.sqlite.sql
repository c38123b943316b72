-- What a vote may bring along and what is made of it: reasons, a receipt for a message that is not registered yet, the
-- user that a guest has become; and the votes that found no message at all.

ALTER TABLE feedback ADD COLUMN reasons TEXT;  -- a JSON array of the project's reasons; NULL: none were given
ALTER TABLE history ADD COLUMN reasons TEXT;

ALTER TABLE messages ADD COLUMN by_receipt INTEGER NOT NULL DEFAULT 0;  -- 1: a registration may still complete it
ALTER TABLE messages ADD COLUMN content_sha256 TEXT;  -- hexadecimal; what a receipt says of a content that came later

-- Guests and visitors who have become users, for good. What was theirs has the user's name since.
CREATE TABLE links (
    project_id TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    user_key   TEXT    NOT NULL,
    linked_at  INTEGER NOT NULL,
    PRIMARY KEY (project_id, subject)
) STRICT, WITHOUT ROWID;

-- Votes on messages that are not registered, counted by day of UTC, by what became of the message, and by page.
CREATE TABLE unknown_messages (
    project_id TEXT    NOT NULL,
    day        INTEGER NOT NULL,  -- days since 1970-01-01
    reason     TEXT    NOT NULL,
    page       TEXT    NOT NULL,  -- where the browser said that it was; empty where it did not
    count      INTEGER NOT NULL,
    PRIMARY KEY (project_id, day, reason, page)
) STRICT, WITHOUT ROWID;
