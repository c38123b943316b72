-- read_for_decision --
-- What a batch of submissions needs to know; a row for each whose message is there. One that only a receipt has told of
-- so far is taken for one that has a content: it may come before the batch is written.
SELECT w.n, m.role, m.owner, f.vote, f.revision, f.created_at, f.updated_at, f.seq, f.auth_level, f.comment IS NOT NULL,
       f.reasons, m.created_at, m.model, m.prompt_version, m.arms, m.locale, m.platform,
       m.content IS NOT NULL OR m.by_receipt = 1
FROM unnest(:n::integer[], :project_id::text[], :message_id::text[], :subject::text[])
    AS w (n, project_id, message_id, subject)
JOIN messages AS m ON m.project_id = w.project_id AND m.message_id = w.message_id
LEFT JOIN feedback AS f ON f.project_id = m.project_id AND f.message_id = m.message_id AND f.subject = w.subject;

-- take_numbers --
-- Numbers for as many entries of history.
SELECT nextval('history_seq') FROM generate_series(1, :count);

-- write_feedback --
-- The new states of a batch, each key once, sorted by key. A key that another writer has changed since it was read is
-- left as it is: its number does not come back.
INSERT INTO feedback (project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level,
                      created_at, updated_at, seq)
SELECT * FROM unnest(:project_id::text[], :message_id::text[], :subject::text[], :vote::smallint[], :comment::text[],
                     :reasons::text[], :revision::integer[], :contract::text[], :auth_level::text[],
                     :created_at::bigint[], :updated_at::bigint[], :seq::bigint[])
ON CONFLICT (project_id, message_id, subject) DO UPDATE SET
    vote = excluded.vote, comment = excluded.comment, reasons = excluded.reasons, revision = excluded.revision,
    contract = excluded.contract, auth_level = excluded.auth_level, updated_at = excluded.updated_at, seq = excluded.seq
WHERE feedback.revision = excluded.revision - 1
RETURNING seq;

-- append_history --
-- Those on messages that belong to somebody else by now are left out: see `linking`.
INSERT INTO history (project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level,
                     created_at, updated_at, seq, previous_seq)
SELECT w.* FROM unnest(:project_id::text[], :message_id::text[], :subject::text[], :vote::smallint[], :comment::text[],
                       :reasons::text[], :revision::integer[], :contract::text[], :auth_level::text[],
                       :created_at::bigint[], :updated_at::bigint[], :seq::bigint[], :previous_seq::bigint[])
    AS w (project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level, created_at, updated_at,
          seq, previous_seq)
JOIN messages AS m ON m.project_id = w.project_id AND m.message_id = w.message_id AND m.owner = w.subject;

-- write_outbox --
INSERT INTO outbox (endpoint, due_at, seq, project_id, message_id, kind, attempts, voted_at)
SELECT * FROM unnest(:endpoint::text[], :due_at::bigint[], :seq::bigint[], :project_id::text[], :message_id::text[],
                     :kind::text[], :attempts::integer[], :voted_at::bigint[]);

-- read_events --
SELECT h.seq, h.project_id, h.message_id, h.subject, h.vote, h.comment, h.reasons, h.revision, h.contract, h.auth_level,
       h.created_at, h.updated_at, p.subject, p.vote,
       m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata,
       substr(m.content, 1, :characters::integer)
FROM history AS h
JOIN messages AS m ON m.project_id = h.project_id AND m.message_id = h.message_id
LEFT JOIN history AS p ON p.seq = h.previous_seq AND p.message_id = h.message_id
WHERE h.project_id = :project_id AND h.seq = ANY(:seqs::bigint[]) AND h.message_id = ANY(:message_ids::text[]);

-- claim_deliveries --
-- Those that another process has taken meanwhile are in the future and do not come back.
UPDATE outbox SET due_at = :until
WHERE endpoint = :endpoint AND due_at = ANY(:due_ats::bigint[]) AND seq = ANY(:seqs::bigint[])
RETURNING seq, due_at;

-- take_deliveries --
DELETE FROM outbox
WHERE endpoint = :endpoint AND due_at = ANY(:due_ats::bigint[]) AND seq = ANY(:seqs::bigint[])
RETURNING seq;

-- write_dead_letters --
INSERT INTO dead_letters (endpoint, seq, project_id, message_id, kind, attempts, voted_at, died_at, failure)
SELECT * FROM unnest(:endpoint::text[], :seq::bigint[], :project_id::text[], :message_id::text[], :kind::text[],
                     :attempts::integer[], :voted_at::bigint[], :died_at::bigint[], :failure::text[]);

-- take_dead_letters --
DELETE FROM dead_letters
WHERE endpoint = :endpoint AND seq = ANY(:seqs::bigint[])
RETURNING endpoint, seq, project_id, message_id, kind, attempts, voted_at, died_at, failure;

-- wait_for_standby --
-- Who is told that there was nothing to remove is told so by the primary: a commit that wrote nothing would not wait for
-- the standby, which may have become the primary meanwhile.
SELECT pg_logical_emit_message(true, :prefix::text, :prefix::text);

-- read_messages_by_id --
SELECT m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata, m.content, m.by_receipt,
       m.content_sha256
FROM messages AS m
WHERE m.project_id = :project_id AND m.message_id = ANY(:ids::text[]);

-- read_conversations_by_id --
SELECT c.project_id, c.conversation_id, c.owner, c.created_at, c.updated_at, c.title
FROM conversations AS c
WHERE c.project_id = :project_id AND c.conversation_id = ANY(:ids::text[]);

-- insert_message --
-- One that somebody else has registered meanwhile is not written.
INSERT INTO messages (project_id, message_id, role, owner, conversation_id, created_at, in_reply_to, model,
                      prompt_version, arms, locale, platform, trace_id, span_id, metadata, content, by_receipt,
                      content_sha256)
SELECT * FROM unnest(:project_id::text[], :message_id::text[], :role::text[], :owner::text[],
                     :conversation_id::text[], :created_at::bigint[], :in_reply_to::text[], :model::text[],
                     :prompt_version::text[], :arms::text[], :locale::text[], :platform::text[], :trace_id::text[],
                     :span_id::text[], :metadata::text[], :content::text[], :by_receipt::smallint[],
                     :content_sha256::text[])
ON CONFLICT (project_id, message_id) DO NOTHING;

-- touch_conversation --
-- One that somebody else has opened meanwhile is not written, unless it has the same owner.
INSERT INTO conversations (project_id, conversation_id, owner, created_at, updated_at, title)
SELECT * FROM unnest(:project_id::text[], :conversation_id::text[], :owner::text[], :created_at::bigint[],
                     :updated_at::bigint[], :title::text[])
ON CONFLICT (project_id, conversation_id) DO UPDATE SET
    updated_at = greatest(conversations.updated_at, excluded.updated_at)
WHERE conversations.owner = excluded.owner;

-- read_links --
SELECT l.subject, l.user_key FROM links AS l WHERE l.project_id = :project_id AND l.subject = ANY(:subjects::text[]);

-- insert_link --
-- Waits for whoever holds the owner. One that somebody else has linked meanwhile is not written.
INSERT INTO links (project_id, subject, user_key, linked_at)
SELECT * FROM unnest(:project_id::text[], :subject::text[], :user_key::text[], :linked_at::bigint[])
ON CONFLICT (project_id, subject) DO NOTHING;

-- hold_owner --
-- A row that nobody sees, in the place of the one that would link the owner.
INSERT INTO links (project_id, subject, user_key, linked_at)
SELECT * FROM unnest(:project_id::text[], :subject::text[], :user_key::text[], :linked_at::bigint[])
ON CONFLICT (project_id, subject) DO NOTHING;

-- let_go_of_owners --
-- Whoever wants the place of a row that is gone again waits for the end of the transaction all the same.
DELETE FROM links WHERE project_id = :project_id AND subject = ANY(:subjects::text[]);

-- give_conversation --
INSERT INTO conversations (project_id, conversation_id, owner, created_at, updated_at, title)
SELECT * FROM unnest(:project_id::text[], :conversation_id::text[], :owner::text[], :created_at::bigint[],
                     :updated_at::bigint[], :title::text[])
ON CONFLICT (project_id, conversation_id) DO UPDATE SET owner = excluded.owner;

-- read_messages_of_owner --
SELECT m.message_id
FROM messages AS m
WHERE m.project_id = :project_id AND m.conversation_id = ANY(:ids::text[]) AND m.owner = :owner;

-- read_messages_to_give --
SELECT m.message_id, m.role, m.owner, f.vote, f.revision, f.created_at, f.updated_at, f.seq, f.auth_level,
       f.comment IS NOT NULL, f.reasons, m.created_at, m.model, m.prompt_version, m.arms, m.locale, m.platform,
       TRUE, u.vote, u.comment IS NOT NULL, u.auth_level, u.reasons,
       m.project_id, m.message_id, f.subject, f.vote, f.comment, f.reasons, f.revision, f.contract, f.auth_level,
       f.created_at, f.updated_at
FROM messages AS m
LEFT JOIN feedback AS f ON f.project_id = m.project_id AND f.message_id = m.message_id AND f.subject = m.owner
LEFT JOIN feedback AS u ON u.project_id = m.project_id AND u.message_id = m.message_id AND u.subject = :user
WHERE m.project_id = :project_id AND m.message_id = ANY(:ids::text[]) AND m.owner = :owner;

-- read_reviewed --
SELECT f.message_id
FROM feedback AS f
JOIN reviews AS r
    ON r.project_id = f.project_id AND r.message_id = f.message_id AND r.subject = f.subject AND r.revision = f.revision
WHERE f.project_id = :project_id AND f.message_id = ANY(:ids::text[]) AND f.subject = :owner;

-- hold_votes_on --
-- Written as they are.
UPDATE feedback SET revision = revision WHERE project_id = :project_id AND message_id = :message_id;

-- hold_vote --
-- Written as it is: until the review of it is there, it stays so, and whose it is.
UPDATE feedback AS f SET revision = f.revision
WHERE f.project_id = :project_id AND f.message_id = :message_id AND f.subject = :subject
RETURNING f.vote, f.comment IS NOT NULL, f.auth_level, f.revision, f.seq;

-- claim_votes --
-- Rows of keys as they were read, and one for each key that has none, with a revision that no vote has. One that a vote
-- has changed meanwhile is left as it is.
INSERT INTO feedback (project_id, message_id, subject, revision, contract, auth_level, created_at, updated_at, seq)
SELECT w.project_id, w.message_id, w.subject, w.revision, w.subject, w.subject, 0, 0, 0
FROM unnest(:project_id::text[], :message_id::text[], :subject::text[], :revision::integer[])
    AS w (project_id, message_id, subject, revision)
ON CONFLICT (project_id, message_id, subject) DO UPDATE SET revision = excluded.revision
WHERE feedback.revision = excluded.revision;

-- give_messages --
UPDATE messages SET owner = :user
WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) AND owner = :owner;

-- forget_votes --
DELETE FROM feedback WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) AND subject = :owner;

-- give_reviews --
UPDATE reviews SET subject = :user
WHERE project_id = :project_id AND message_id = ANY(:ids::text[]) AND subject = :owner;

-- bind_device --
-- With only_first, a device is bound only while its user id has none. The index on came_first has the last word.
INSERT INTO guest_devices (project_id, user_hash, device_hash, bound_at, came_first)
SELECT :project_id::text, :user_hash::text, :device_hash::text, :bound_at::bigint, :only_first::boolean
WHERE NOT (:only_first::boolean AND EXISTS (
    SELECT 1 FROM guest_devices WHERE project_id = :project_id::text AND user_hash = :user_hash::text))
ON CONFLICT DO NOTHING;

-- read_cells_by_id --
SELECT c.cell FROM cells AS c WHERE c.project_id = :project_id AND c.cell = ANY(:cells::bigint[]);

-- insert_cell --
INSERT INTO cells (project_id, cell, model, prompt_version, arms, locale, platform)
SELECT * FROM unnest(:project_id::text[], :cell::bigint[], :model::text[], :prompt_version::text[], :arms::text[],
                     :locale::text[], :platform::text[])
ON CONFLICT (project_id, cell) DO NOTHING;

-- take_changes --
-- Those that another process has taken meanwhile do not come back.
DELETE FROM totals_changes WHERE id = ANY(:ids::bigint[]) RETURNING id;

-- read_totals_hourly_of --
SELECT t.project_id, t.hour, t.cell, t.auth_level, t.commented, t.shown, t.likes, t.dislikes, t.version
FROM unnest(:periods::bigint[], :cells::bigint[]) AS w (hour, cell)
JOIN totals_hourly AS t ON t.project_id = :project_id AND t.hour = w.hour AND t.cell = w.cell;

-- read_totals_daily_of --
SELECT t.project_id, t.day, t.cell, t.auth_level, t.commented, t.shown, t.likes, t.dislikes, t.version
FROM unnest(:periods::bigint[], :cells::bigint[]) AS w (day, cell)
JOIN totals_daily AS t ON t.project_id = :project_id AND t.day = w.day AND t.cell = w.cell;

-- write_totals_hourly --
-- One that another process has changed since it was read is left as it is.
INSERT INTO totals_hourly (project_id, hour, cell, auth_level, commented, shown, likes, dislikes, version)
SELECT * FROM unnest(:project_id::text[], :hour::bigint[], :cell::bigint[], :auth_level::text[], :commented::boolean[],
                     :shown::bytea[], :likes::bytea[], :dislikes::bytea[], :version::bigint[])
ON CONFLICT (project_id, hour, cell, auth_level, commented) DO UPDATE SET
    shown = excluded.shown, likes = excluded.likes, dislikes = excluded.dislikes, version = excluded.version
WHERE totals_hourly.version = excluded.version - 1;

-- write_totals_daily --
INSERT INTO totals_daily (project_id, day, cell, auth_level, commented, shown, likes, dislikes, version)
SELECT * FROM unnest(:project_id::text[], :day::bigint[], :cell::bigint[], :auth_level::text[], :commented::boolean[],
                     :shown::bytea[], :likes::bytea[], :dislikes::bytea[], :version::bigint[])
ON CONFLICT (project_id, day, cell, auth_level, commented) DO UPDATE SET
    shown = excluded.shown, likes = excluded.likes, dislikes = excluded.dislikes, version = excluded.version
WHERE totals_daily.version = excluded.version - 1;

-- leave_queue --
DELETE FROM review_queue
WHERE project_id = :project_id AND reviewed IN (FALSE, TRUE) AND rank = ANY(:ranks::bigint[]);

-- forget_words --
DELETE FROM search WHERE project_id = :project_id AND rank = ANY(:ranks::bigint[]);

-- join_queue --
INSERT INTO review_queue (project_id, reviewed, rank, message_id, subject)
SELECT * FROM unnest(:project_id::text[], :reviewed::boolean[], :rank::bigint[], :message_id::text[], :subject::text[]);

-- note_words --
INSERT INTO search (rank, project_id, message_id, words)
SELECT w.rank, w.project_id, w.message_id, array_to_tsvector(string_to_array(w.words, chr(32)))
FROM unnest(:rank::bigint[], :project_id::text[], :message_id::text[], :words::text[])
    AS w (rank, project_id, message_id, words);

-- read_contents --
SELECT m.message_id, substr(m.content, 1, :characters)
FROM messages AS m
WHERE m.project_id = :project_id AND m.message_id = ANY(:ids::text[]);

-- search_queue --
-- The same of those that hold all of the words.
SELECT q.rank
FROM search AS s
JOIN review_queue AS q ON q.project_id = s.project_id AND q.rank = s.rank AND q.message_id = s.message_id
WHERE s.words @@ :tsquery::text::tsquery AND s.project_id = :project_id AND q.reviewed = :reviewed AND s.rank < :before
ORDER BY s.rank DESC
LIMIT :limit;

-- read_words_beginning --
-- None: the index itself finds what begins with a word.
SELECT NULL AS term LIMIT 0;

-- read_queued_votes --
SELECT q.rank,
       m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata, m.content,
       f.vote, f.comment, f.reasons, f.revision, f.contract, f.auth_level, f.created_at, f.updated_at, f.subject,
       r.label, r.note, r.reviewer, r.reviewed_at
FROM review_queue AS q
JOIN feedback AS f ON f.project_id = q.project_id AND f.message_id = q.message_id AND f.subject = q.subject
JOIN messages AS m ON m.project_id = q.project_id AND m.message_id = q.message_id
LEFT JOIN reviews AS r
    ON r.project_id = q.project_id AND r.message_id = q.message_id AND r.subject = q.subject AND r.revision = f.revision
WHERE q.project_id = :project_id AND q.reviewed = :reviewed AND q.rank = ANY(:ranks::bigint[]) AND {conditions}
ORDER BY q.rank DESC
LIMIT :limit;

-- append_audit --
INSERT INTO audit (project_id, number, at, actor, action, details, sha256)
SELECT * FROM unnest(:project_id::text[], :number::integer[], :at::bigint[], :actor::text[], :action::text[],
                     :details::text[], :sha256::text[])
ON CONFLICT (project_id, number) DO NOTHING;

-- count_missed --
INSERT INTO unknown_messages (project_id, day, reason, page, count)
SELECT * FROM unnest(:project_id::text[], :day::integer[], :reason::text[], :page::text[], :count::bigint[])
ON CONFLICT (project_id, day, reason, page) DO UPDATE SET count = unknown_messages.count + excluded.count;

-- write_zone --
INSERT INTO totals_zones (project_id, time_zone) SELECT * FROM unnest(:project_id::text[], :time_zone::text[]);
