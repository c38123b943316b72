-- read_snapshot --
-- In a cluster each node has transactions of its own, so that it says nothing there.
SELECT pg_current_snapshot()::text, NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = :cluster::text::name);

-- read_entries_as_of --
SELECT h.seq, coalesce(f.seq = h.seq, FALSE),
       m.message_id, m.conversation_id, h.subject, h.vote, h.comment, h.reasons, h.contract, h.auth_level, h.revision,
       h.created_at, h.updated_at, m.role, m.model, m.prompt_version, m.arms, m.locale, m.platform, m.in_reply_to,
       m.trace_id, m.span_id, m.metadata, m.created_at, m.content
FROM history AS h
LEFT JOIN feedback AS f ON f.project_id = h.project_id AND f.message_id = h.message_id AND f.subject = h.subject
JOIN messages AS m ON m.project_id = h.project_id AND m.message_id = h.message_id
WHERE h.seq = ANY(:seqs::bigint[]) AND h.project_id = :project_id
  AND (f.seq IS NULL OR f.seq = h.seq OR f.seq > :last_seq OR f.updated_at >= :settled) AND {seen} AND {conditions};

-- read_questions_before --
-- Not asked of a cluster, which cannot look things up in another place for each of a list.
SELECT w.key, c.message_id, c.content
FROM unnest(:keys::integer[], :conversation_ids::text[], :shown_ats::bigint[], :message_ids::text[])
    AS w (key, conversation_id, shown_at, message_id)
JOIN messages AS c ON c.project_id = :project_id AND c.message_id = (
    SELECT n.message_id
    FROM (
        SELECT q.created_at, q.message_id, q.role
        FROM messages AS q
        WHERE q.project_id = :project_id AND q.conversation_id = w.conversation_id
          AND (q.created_at, q.message_id) < (w.shown_at, w.message_id)
        ORDER BY q.created_at DESC, q.message_id DESC
        LIMIT :looked_back
    ) AS n
    WHERE n.role = :role
    ORDER BY n.created_at DESC, n.message_id DESC
    LIMIT 1);
