-- read_guests_of --
-- Who has become that user.
SELECT l.subject
FROM links AS l INDEXED BY links_by_user
WHERE l.project_id = :project_id AND l.user_key = :user
ORDER BY l.subject;

-- read_visitor_devices --
-- All of the project's visitors are looked through: nobody else asks for one by its id.
SELECT v.device_hash FROM visitors AS v WHERE v.project_id = :project_id AND v.visitor_id = :visitor_id;

-- read_entry_numbers --
-- A message's entries, as `read_history` finds them.
WITH RECURSIVE entry AS (
    SELECT h.seq, h.previous_seq
    FROM feedback AS f
    CROSS JOIN history AS h ON h.seq = f.seq AND h.message_id = :message_id
    WHERE f.project_id = :project_id AND f.message_id = :message_id
    UNION ALL
    SELECT h.seq, h.previous_seq
    FROM entry
    CROSS JOIN history AS h ON h.seq = entry.previous_seq AND h.message_id = :message_id
)
SELECT entry.seq FROM entry;

-- read_deliveries_of --
-- What endpoints have yet to be told of one message, and what they never were.
SELECT o.endpoint, o.kind, FALSE FROM outbox AS o WHERE o.project_id = :project_id AND o.message_id = :message_id
UNION ALL
SELECT l.endpoint, l.kind, TRUE FROM dead_letters AS l WHERE l.project_id = :project_id AND l.message_id = :message_id;

-- forget_outbox --
DELETE FROM outbox
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w)
RETURNING seq;

-- forget_dead_letters --
DELETE FROM dead_letters
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w)
RETURNING seq;

-- forget_reviews --
DELETE FROM reviews
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w)
RETURNING revision;

-- forget_entries --
-- `ids` is for a cluster.
DELETE FROM history
WHERE seq IN (SELECT w.value FROM json_each(:seqs) AS w)
  AND message_id IN (SELECT w.value FROM json_each(:ids) AS w) AND project_id = :project_id
RETURNING seq;

-- forget_feedback --
-- Of whomever.
DELETE FROM feedback
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w);

-- forget_messages --
DELETE FROM messages
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w) AND owner = :owner;

-- forget_conversations --
DELETE FROM conversations
WHERE project_id = :project_id AND conversation_id IN (SELECT w.value FROM json_each(:ids) AS w) AND owner = :owner;

-- forget_links --
DELETE FROM links
WHERE project_id = :project_id AND subject IN (SELECT w.value FROM json_each(:subjects) AS w) AND user_key = :user
RETURNING subject;

-- forget_visitor --
DELETE FROM visitors
WHERE project_id = :project_id AND device_hash IN (SELECT w.value FROM json_each(:devices) AS w)
  AND visitor_id = :visitor_id
RETURNING device_hash;

-- forget_guest_device --
DELETE FROM guest_devices
WHERE project_id = :project_id AND user_hash = :user_hash AND device_hash = :device_hash
RETURNING device_hash;

-- read_old_comments --
-- Those of some entries that hold one.
SELECT h.seq, h.message_id
FROM json_each(:seqs) AS w
CROSS JOIN history AS h ON h.seq = w.value
WHERE h.project_id = :project_id AND h.comment <> :nothing;

-- read_old_votes --
-- Those of some entries that are still the newest of a message's owner, who is somebody.
SELECT m.owner, m.message_id
FROM json_each(:seqs) AS w
CROSS JOIN history AS h ON h.seq = w.value
CROSS JOIN messages AS m ON m.project_id = h.project_id AND m.message_id = h.message_id AND m.owner = h.subject
CROSS JOIN feedback AS f
    ON f.project_id = h.project_id AND f.message_id = h.message_id AND f.subject = h.subject AND f.seq = h.seq
WHERE h.project_id = :project_id AND NOT (m.owner > :nobody AND m.owner < :after_nobody);

-- read_old_contents --
SELECT m.message_id, m.created_at < :before
    AND (m.content IS NOT NULL OR m.content_sha256 IS NOT NULL OR m.by_receipt = 1 OR m.metadata <> :no_metadata)
FROM messages AS m
WHERE m.project_id = :project_id AND m.message_id > :after
ORDER BY m.message_id
LIMIT :limit;

-- forget_comments --
UPDATE feedback SET comment = :nothing
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w)
  AND seq IN (SELECT w.value FROM json_each(:seqs) AS w) AND comment IS NOT NULL
RETURNING message_id, vote, auth_level, seq;

-- forget_comments_of_entries --
UPDATE history SET comment = :nothing
WHERE seq IN (SELECT w.value FROM json_each(:seqs) AS w)
  AND message_id IN (SELECT w.value FROM json_each(:ids) AS w) AND project_id = :project_id AND comment IS NOT NULL;

-- forget_notes --
UPDATE reviews SET note = NULL
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w) AND reviewed_at < :before;

-- forget_contents --
UPDATE messages SET content = NULL, content_sha256 = NULL, by_receipt = 0, metadata = :no_metadata
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w) AND created_at < :before
RETURNING message_id, conversation_id;

-- forget_titles --
UPDATE conversations SET title = NULL
WHERE project_id = :project_id AND conversation_id IN (SELECT w.value FROM json_each(:ids) AS w)
  AND updated_at < :before AND title IS NOT NULL;

-- read_keys_to_hold --
-- Of messages and their owners' votes; with `unused` for a revision where there is none.
SELECT m.message_id, m.owner, coalesce(f.revision, :unused)
FROM json_each(:ids) AS w
CROSS JOIN messages AS m ON m.project_id = :project_id AND m.message_id = w.value
LEFT JOIN feedback AS f ON f.project_id = m.project_id AND f.message_id = m.message_id AND f.subject = m.owner;

-- let_go_of_keys --
-- Nothing: there is one writer.
SELECT w.value FROM json_each(:ids) AS w LIMIT 0;
