-- forget_outbox --
DELETE FROM outbox WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) RETURNING seq;

-- forget_dead_letters --
DELETE FROM dead_letters WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) RETURNING seq;

-- forget_reviews --
DELETE FROM reviews WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) RETURNING revision;

-- forget_entries --
DELETE FROM history
WHERE seq = ANY(:seqs::bigint[]) AND message_id = ANY(:ids::text[]) AND project_id = :project_id
RETURNING seq;

-- forget_feedback --
DELETE FROM feedback WHERE project_id = :project_id AND message_id = ANY(:ids::text[]);

-- forget_messages --
DELETE FROM messages WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) AND owner = :owner;

-- forget_conversations --
DELETE FROM conversations
WHERE project_id = :project_id AND conversation_id = ANY(:ids::text[]) AND owner = :owner;

-- forget_links --
DELETE FROM links
WHERE project_id = :project_id AND subject = ANY(:subjects::text[]) AND user_key = :user
RETURNING subject;

-- forget_visitor --
DELETE FROM visitors
WHERE project_id = :project_id AND device_hash = ANY(:devices::text[]) AND visitor_id = :visitor_id
RETURNING device_hash;

-- read_old_comments --
SELECT h.seq, h.message_id
FROM history AS h
WHERE h.project_id = :project_id AND h.seq = ANY(:seqs::bigint[]) AND h.comment <> :nothing;

-- read_old_votes --
SELECT m.owner, m.message_id
FROM history AS h
JOIN messages AS m ON m.project_id = h.project_id AND m.message_id = h.message_id AND m.owner = h.subject
JOIN feedback AS f
    ON f.project_id = h.project_id AND f.message_id = h.message_id AND f.subject = h.subject AND f.seq = h.seq
WHERE h.project_id = :project_id AND h.seq = ANY(:seqs::bigint[])
  AND NOT (m.owner > :nobody AND m.owner < :after_nobody);

-- forget_comments --
UPDATE feedback SET comment = :nothing
WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) AND seq = ANY(:seqs::bigint[])
  AND comment IS NOT NULL
RETURNING message_id, vote, auth_level, seq;

-- forget_comments_of_entries --
UPDATE history SET comment = :nothing
WHERE seq = ANY(:seqs::bigint[]) AND message_id = ANY(:ids::text[]) AND project_id = :project_id
  AND comment IS NOT NULL;

-- forget_notes --
UPDATE reviews SET note = NULL
WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) AND reviewed_at < :before;

-- forget_contents --
UPDATE messages SET content = NULL, content_sha256 = NULL, by_receipt = 0, metadata = :no_metadata
WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) AND created_at < :before
RETURNING message_id, conversation_id;

-- forget_titles --
UPDATE conversations SET title = NULL
WHERE project_id = :project_id AND conversation_id = ANY(:ids::text[]) AND updated_at < :before
  AND title IS NOT NULL;

-- read_keys_to_hold --
SELECT m.message_id, m.owner, coalesce(f.revision, :unused::integer)
FROM messages AS m
LEFT JOIN feedback AS f ON f.project_id = m.project_id AND f.message_id = m.message_id AND f.subject = m.owner
WHERE m.project_id = :project_id AND m.message_id = ANY(:ids::text[]);

-- let_go_of_keys --
DELETE FROM feedback WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) AND revision = :unused::integer;
