-- read_for_decision --
-- What a batch of submissions needs to know, as one JSON array in one row: stepping through rows would hand the
-- interpreter lock over and back once for each. Rows of `wanted`: n, project, message, subject.
WITH wanted (n, project_id, message_id, subject) AS (VALUES {rows})
SELECT json_group_array(json_array(m.role, m.owner, f.vote, f.revision, f.created_at, f.updated_at, f.seq) ORDER BY w.n)
FROM wanted AS w
LEFT JOIN messages AS m ON m.project_id = w.project_id AND m.message_id = w.message_id
LEFT JOIN feedback AS f ON f.project_id = w.project_id AND f.message_id = w.message_id AND f.subject = w.subject;

-- write_feedback --
-- The new states of a batch, each key once, sorted by key.
INSERT INTO feedback (project_id, message_id, subject, vote, comment, revision, contract, auth_level, created_at,
                      updated_at, seq)
VALUES {rows}
ON CONFLICT (project_id, message_id, subject) DO UPDATE SET
    vote = excluded.vote, comment = excluded.comment, revision = excluded.revision, contract = excluded.contract,
    auth_level = excluded.auth_level, updated_at = excluded.updated_at, seq = excluded.seq;

-- append_history --
-- Every revision of a batch, in the order of acceptance.
INSERT INTO history (project_id, message_id, subject, vote, comment, revision, contract, auth_level, created_at,
                     updated_at, seq, previous_seq)
VALUES {rows};

-- read_last_seq --
SELECT coalesce(max(seq), 0) FROM history;

-- read_messages_by_id --
-- CROSS JOIN keeps the order here and below: left to choose, SQLite reads the whole project to look for a few ids.
-- Messages already registered under these ids; `ids` is a JSON array.
SELECT m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata, m.content
FROM json_each(:ids) AS w
CROSS JOIN messages AS m
WHERE m.project_id = :project_id AND m.message_id = w.value;

-- read_message --
SELECT m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata, m.content
FROM messages AS m
WHERE m.project_id = :project_id AND m.message_id = :message_id;

-- read_conversation --
SELECT c.project_id, c.conversation_id, c.owner, c.created_at, c.updated_at, c.title
FROM conversations AS c
WHERE c.project_id = :project_id AND c.conversation_id = :conversation_id;

-- read_conversations_by_id --
SELECT c.project_id, c.conversation_id, c.owner, c.created_at, c.updated_at, c.title
FROM json_each(:ids) AS w
CROSS JOIN conversations AS c
WHERE c.project_id = :project_id AND c.conversation_id = w.value;

-- insert_message --
INSERT INTO messages (project_id, message_id, role, owner, conversation_id, created_at, in_reply_to, model,
                      prompt_version, arms, locale, platform, trace_id, span_id, metadata, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- touch_conversation --
-- A message makes its conversation known and moves its updated_at forward.
INSERT INTO conversations (project_id, conversation_id, owner, created_at, updated_at, title)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (project_id, conversation_id) DO UPDATE SET
    updated_at = max(conversations.updated_at, excluded.updated_at);

-- insert_conversation --
INSERT INTO conversations (project_id, conversation_id, owner, created_at, updated_at, title)
VALUES (:project_id, :conversation_id, :owner, :created_at, :updated_at, :title)
ON CONFLICT (project_id, conversation_id) DO NOTHING
RETURNING 1;

-- insert_visitor --
INSERT INTO visitors (project_id, device_hash, visitor_id, created_at)
VALUES (:project_id, :device_hash, :visitor_id, :created_at)
ON CONFLICT (project_id, device_hash) DO NOTHING
RETURNING 1;

-- read_visitor --
SELECT visitor_id FROM visitors WHERE project_id = :project_id AND device_hash = :device_hash;

-- bind_device --
-- With only_first, a device is bound only while its user id has none.
INSERT INTO guest_devices (project_id, user_hash, device_hash, bound_at)
SELECT :project_id, :user_hash, :device_hash, :bound_at
WHERE NOT (:only_first AND EXISTS (
    SELECT 1 FROM guest_devices WHERE project_id = :project_id AND user_hash = :user_hash))
ON CONFLICT (project_id, user_hash, device_hash) DO NOTHING;

-- read_device --
SELECT bound_at, token_seen_at FROM guest_devices
WHERE project_id = :project_id AND user_hash = :user_hash AND device_hash = :device_hash;

-- note_device_token --
INSERT INTO guest_devices (project_id, user_hash, device_hash, bound_at, token_seen_at)
VALUES (:project_id, :user_hash, :device_hash, :seen_at, :seen_at)
ON CONFLICT (project_id, user_hash, device_hash) DO UPDATE SET
    token_seen_at = coalesce(guest_devices.token_seen_at, excluded.token_seen_at);

-- write_readiness --
INSERT INTO readiness (id, checked_at) VALUES (1, :checked_at)
ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at;

-- read_conversations_of_owner --
-- One page of an owner's conversations. `order` is created_at or updated_at with its direction, never a caller's text.
-- INDEXED BY here and below: without statistics SQLite takes the primary key, and so reads the whole project.
SELECT c.project_id, c.conversation_id, c.owner, c.created_at, c.updated_at, c.title
FROM conversations AS c INDEXED BY conversations_by_owner
WHERE c.project_id = :project_id AND c.owner = :owner AND {search}
ORDER BY {order}, c.conversation_id
LIMIT :limit OFFSET :offset;

-- count_conversations_of_owner --
SELECT count(*) FROM conversations AS c INDEXED BY conversations_by_owner
WHERE c.project_id = :project_id AND c.owner = :owner AND {search};

-- read_messages_of_conversation --
-- One page of a conversation, each message with its owner's vote.
SELECT m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata, m.content,
       f.vote, f.comment, f.revision, f.contract, f.auth_level, f.created_at, f.updated_at, f.subject
FROM messages AS m
LEFT JOIN feedback AS f
    ON f.project_id = m.project_id AND f.message_id = m.message_id AND f.subject = m.owner AND f.vote IS NOT NULL
WHERE m.project_id = :project_id AND m.conversation_id = :conversation_id AND {conditions}
ORDER BY m.created_at {direction}, m.message_id {direction}
LIMIT :limit OFFSET :offset;

-- count_messages_of_conversation --
SELECT count(*) FROM messages AS m
WHERE m.project_id = :project_id AND m.conversation_id = :conversation_id AND {conditions};

-- read_feedback --
-- Standing votes, newest change first: the history's entries that are still the newest of their key.
SELECT h.updated_at, h.seq,
       m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata, m.content,
       f.vote, f.comment, f.revision, f.contract, f.auth_level, f.created_at, f.updated_at, f.subject
FROM history AS h INDEXED BY history_by_time
CROSS JOIN feedback AS f
    ON f.project_id = h.project_id AND f.message_id = h.message_id AND f.subject = h.subject AND f.seq = h.seq
CROSS JOIN messages AS m ON m.project_id = h.project_id AND m.message_id = h.message_id
WHERE h.project_id = :project_id AND f.vote IS NOT NULL AND {conditions}
ORDER BY h.updated_at DESC, h.seq DESC
LIMIT :limit;

-- read_feedback_of_messages --
-- The same, for few messages: from them to their votes, sorted at the end.
SELECT h.updated_at, h.seq,
       m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata, m.content,
       f.vote, f.comment, f.revision, f.contract, f.auth_level, f.created_at, f.updated_at, f.subject
FROM messages AS m
CROSS JOIN feedback AS f ON f.project_id = m.project_id AND f.message_id = m.message_id
CROSS JOIN history AS h ON h.seq = f.seq AND h.message_id = f.message_id
WHERE m.project_id = :project_id AND f.vote IS NOT NULL AND {conditions}
ORDER BY h.updated_at DESC, h.seq DESC
LIMIT :limit;

-- read_history --
-- A message's entries, each key's from its newest back to its first. Each table is told the message, so that a cluster
-- asks one node.
WITH RECURSIVE entry AS (
    SELECT h.*
    FROM feedback AS f
    CROSS JOIN history AS h ON h.seq = f.seq AND h.message_id = :message_id
    WHERE f.project_id = :project_id AND f.message_id = :message_id
    UNION ALL
    SELECT h.*
    FROM entry
    CROSS JOIN history AS h ON h.seq = entry.previous_seq AND h.message_id = :message_id
)
SELECT project_id, message_id, subject, vote, comment, revision, contract, auth_level, created_at, updated_at
FROM entry
ORDER BY subject, revision;
