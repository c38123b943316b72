-- What a vote may bring along and what is made of it: reasons, a receipt for a message that is not registered yet, the
-- user that a guest has become; and the votes that found no message at all.

ALTER TABLE feedback ADD COLUMN reasons TEXT COLLATE "C";  -- a JSON array of the project's reasons; NULL: none were given
ALTER TABLE history ADD COLUMN reasons TEXT COLLATE "C";

ALTER TABLE messages ADD COLUMN by_receipt SMALLINT NOT NULL DEFAULT 0;  -- 1: a registration may still complete it
ALTER TABLE messages ADD COLUMN content_sha256 TEXT COLLATE "C";  -- hexadecimal; what a receipt says of a later content

-- Guests and visitors who have become users, for good. What was theirs has the user's name since.
CREATE TABLE links (
    linked_at  BIGINT NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    user_key   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, subject)
);

-- Votes on messages that are not registered, counted by day of UTC, by what became of the message, and by page.
CREATE TABLE unknown_messages (
    day        INTEGER NOT NULL,  -- days since 1970-01-01
    count      BIGINT  NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    reason     TEXT COLLATE "C" NOT NULL,
    page       TEXT COLLATE "C" NOT NULL,  -- where the browser said that it was; empty where it did not
    PRIMARY KEY (project_id, day, reason, page)
);
