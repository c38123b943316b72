-- read_snapshot --
-- In a cluster each node has transactions of its own, so that there is none.
SELECT CASE WHEN NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = :cluster::text::name)
            THEN pg_current_snapshot()::text END;

-- read_entries_as_of --
SELECT h.seq, coalesce(f.seq = h.seq, FALSE),
       m.message_id, m.conversation_id, h.subject, h.vote, h.comment, h.reasons, h.contract, h.auth_level, h.revision,
       h.created_at, h.updated_at, m.role, m.model, m.prompt_version, m.arms, m.locale, m.platform, m.in_reply_to,
       m.trace_id, m.span_id, m.metadata, m.created_at, m.content
FROM history AS h
LEFT JOIN feedback AS f ON f.project_id = h.project_id AND f.message_id = h.message_id AND f.subject = h.subject
JOIN messages AS m ON m.project_id = h.project_id AND m.message_id = h.message_id
WHERE h.seq = ANY(:seqs::bigint[]) AND h.project_id = :project_id AND h.vote IS NOT NULL
  AND (f.seq IS NULL OR f.seq = h.seq OR f.seq > :last_seq OR f.updated_at >= :settled) AND {seen} AND {conditions}
ORDER BY h.updated_at, h.seq;
