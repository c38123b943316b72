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
