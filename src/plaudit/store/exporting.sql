-- read_newest_seq --
SELECT max(h.seq) FROM history AS h;

-- read_newest_instant --
SELECT h.updated_at
FROM history AS h INDEXED BY history_by_time
WHERE h.project_id = :project_id
ORDER BY h.updated_at DESC
LIMIT 1;

-- read_snapshot --
-- None: there is one writer, so that numbers are committed in their order. And whether there is only one node.
SELECT NULL, TRUE;

-- read_entries --
-- A project's entries in the order of their instants, by the index alone.
SELECT h.updated_at, h.seq
FROM history AS h INDEXED BY history_by_time
WHERE h.project_id = :project_id AND {after}
ORDER BY h.updated_at, h.seq
LIMIT :limit OFFSET :offset;

-- read_entries_as_of --
-- Those of some entries that may have stood at a moment: the newest of their keys, and those that were followed since.
-- A vote that became another subject's has no row of its first one any more.
SELECT h.seq, coalesce(f.seq = h.seq, FALSE),
       m.message_id, m.conversation_id, h.subject, h.vote, h.comment, h.reasons, h.contract, h.auth_level, h.revision,
       h.created_at, h.updated_at, m.role, m.model, m.prompt_version, m.arms, m.locale, m.platform, m.in_reply_to,
       m.trace_id, m.span_id, m.metadata, m.created_at, m.content
FROM json_each(:seqs) AS w
CROSS JOIN history AS h ON h.seq = w.value
LEFT JOIN feedback AS f ON f.project_id = h.project_id AND f.message_id = h.message_id AND f.subject = h.subject
CROSS JOIN messages AS m ON m.project_id = h.project_id AND m.message_id = h.message_id
WHERE (f.seq IS NULL OR f.seq = h.seq OR f.seq > :last_seq OR f.updated_at >= :settled)
  AND {seen} AND {conditions};

-- read_standing_at --
-- A message's entries that stood at a moment: from each key's newest back to the first that was there already.
WITH RECURSIVE entry AS (
    SELECT h.seq, h.previous_seq, {seen} AS seen
    FROM feedback AS f
    CROSS JOIN history AS h ON h.seq = f.seq AND h.message_id = :message_id
    WHERE f.project_id = :project_id AND f.message_id = :message_id
    UNION ALL
    SELECT h.seq, h.previous_seq, {seen} AS seen
    FROM entry
    CROSS JOIN history AS h ON h.seq = entry.previous_seq AND h.message_id = :message_id
    WHERE NOT entry.seen
)
SELECT entry.seq FROM entry WHERE entry.seen;

-- read_question_before --
-- The newest message of a role among the few before another one.
SELECT w.message_id, w.content
FROM (
    SELECT q.created_at, q.message_id, q.role, q.content
    FROM messages AS q INDEXED BY messages_by_conversation
    WHERE q.project_id = :project_id AND q.conversation_id = :conversation_id
      AND (q.created_at, q.message_id) < (:shown_at, :message_id)
    ORDER BY q.created_at DESC, q.message_id DESC
    LIMIT :looked_back
) AS w
WHERE w.role = :role
ORDER BY w.created_at DESC, w.message_id DESC
LIMIT 1;

-- read_questions_before --
-- The same for many at once, by their places in `asked`.
SELECT w.key, c.message_id, c.content
FROM json_each(:asked) AS w
CROSS JOIN messages AS c ON c.rowid = (
    SELECT n.number
    FROM (
        SELECT q.created_at, q.message_id, q.role, q.rowid AS number
        FROM messages AS q INDEXED BY messages_by_conversation
        WHERE q.project_id = :project_id AND q.conversation_id = w.value ->> 0
          AND (q.created_at, q.message_id) < (w.value ->> 1, w.value ->> 2)
        ORDER BY q.created_at DESC, q.message_id DESC
        LIMIT :looked_back
    ) AS n
    WHERE n.role = :role
    ORDER BY n.created_at DESC, n.message_id DESC
    LIMIT 1);

-- count_entries --
SELECT count(*)
FROM history AS h INDEXED BY history_by_time
WHERE h.project_id = :project_id AND h.updated_at > :at AND h.updated_at <= :until;
