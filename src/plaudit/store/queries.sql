-- read_for_decision --
-- What a batch of submissions needs to know, as one JSON array in one row: stepping through rows would hand the
-- interpreter lock over and back once for each. Rows of `wanted`: n, project, message, subject.
WITH wanted (n, project_id, message_id, subject) AS (VALUES {rows})
SELECT json_group_array(json_array(m.role, m.owner, f.vote, f.revision, f.created_at, f.updated_at, f.seq, f.auth_level,
                                   f.comment IS NOT NULL, f.reasons, m.created_at, m.model, m.prompt_version, m.arms, m.locale,
                                   m.platform, m.content IS NOT NULL) ORDER BY w.n)
FROM wanted AS w
LEFT JOIN messages AS m ON m.project_id = w.project_id AND m.message_id = w.message_id
LEFT JOIN feedback AS f ON f.project_id = w.project_id AND f.message_id = w.message_id AND f.subject = w.subject;

-- write_feedback --
-- The new states of a batch, each key once, sorted by key.
INSERT INTO feedback (project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level,
                      created_at, updated_at, seq)
VALUES {rows}
ON CONFLICT (project_id, message_id, subject) DO UPDATE SET
    vote = excluded.vote, comment = excluded.comment, reasons = excluded.reasons, revision = excluded.revision,
    contract = excluded.contract, auth_level = excluded.auth_level, updated_at = excluded.updated_at,
    seq = excluded.seq;

-- append_history --
-- Every revision of a batch, in the order of acceptance.
INSERT INTO history (project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level,
                     created_at, updated_at, seq, previous_seq)
VALUES {rows};

-- write_outbox --
-- Whom to tell, and when.
INSERT INTO outbox (endpoint, due_at, seq, project_id, message_id, kind, attempts, voted_at) VALUES {rows};

-- read_due --
SELECT o.endpoint, o.due_at, o.seq, o.project_id, o.message_id, o.kind, o.attempts, o.voted_at
FROM outbox AS o
WHERE o.endpoint = :endpoint AND o.due_at <= :now
ORDER BY o.due_at, o.seq
LIMIT :limit;

-- read_events --
-- Entries of the history, each with the one before it and its message. `message_ids` is for a cluster.
SELECT h.seq, h.project_id, h.message_id, h.subject, h.vote, h.comment, h.reasons, h.revision, h.contract, h.auth_level,
       h.created_at, h.updated_at, p.subject, p.vote,
       m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata,
       substr(m.content, 1, :characters)
FROM json_each(:seqs) AS w
CROSS JOIN history AS h ON h.seq = w.value
CROSS JOIN messages AS m ON m.project_id = h.project_id AND m.message_id = h.message_id
LEFT JOIN history AS p ON p.seq = h.previous_seq AND p.message_id = h.message_id
WHERE h.project_id = :project_id;

-- claim_deliveries --
-- They stay as they are: there is one sender.
SELECT o.seq, o.due_at FROM outbox AS o
WHERE o.endpoint = :endpoint AND o.due_at IN (SELECT d.value FROM json_each(:due_ats) AS d)
  AND o.seq IN (SELECT w.value FROM json_each(:seqs) AS w);

-- take_deliveries --
DELETE FROM outbox
WHERE endpoint = :endpoint AND due_at IN (SELECT d.value FROM json_each(:due_ats) AS d)
  AND seq IN (SELECT w.value FROM json_each(:seqs) AS w)
RETURNING seq;

-- write_dead_letters --
INSERT INTO dead_letters (endpoint, seq, project_id, message_id, kind, attempts, voted_at, died_at, failure)
VALUES {rows};

-- read_waiting --
SELECT backlog.endpoint, count(*), min(backlog.voted_at) FROM outbox AS backlog GROUP BY backlog.endpoint;

-- read_dead_counts --
SELECT backlog.endpoint, count(*) FROM dead_letters AS backlog GROUP BY backlog.endpoint;

-- read_dead_letters --
SELECT l.endpoint, l.seq, l.project_id, l.message_id, l.kind, l.attempts, l.voted_at, l.died_at, l.failure
FROM dead_letters AS l
WHERE l.endpoint = :endpoint AND l.seq > :after
ORDER BY l.seq
LIMIT :limit;

-- take_dead_letters --
DELETE FROM dead_letters
WHERE endpoint = :endpoint AND seq IN (SELECT w.value FROM json_each(:seqs) AS w)
RETURNING endpoint, seq, project_id, message_id, kind, attempts, voted_at, died_at, failure;

-- read_last_seq --
-- The last number that was given, to an entry or to a change of the totals that had none.
SELECT max(coalesce((SELECT max(seq) FROM history), 0), coalesce((SELECT max(id) FROM totals_changes), 0));

-- take_numbers --
-- The numbers after that.
WITH RECURSIVE n (number) AS (
    SELECT max(coalesce((SELECT max(seq) FROM history), 0), coalesce((SELECT max(id) FROM totals_changes), 0)) + 1
    UNION ALL
    SELECT n.number + 1 FROM n
)
SELECT n.number FROM n LIMIT :count;

-- read_messages_by_id --
-- CROSS JOIN keeps the order here and below: left to choose, SQLite reads the whole project to look for a few ids.
-- Messages already registered under these ids; `ids` is a JSON array.
SELECT m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata, m.content, m.by_receipt,
       m.content_sha256
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
                      prompt_version, arms, locale, platform, trace_id, span_id, metadata, content, by_receipt,
                      content_sha256)
VALUES {rows};

-- complete_message --
-- What a receipt has left out. Nothing that a vote is counted by.
UPDATE messages SET content = :content, metadata = :metadata, in_reply_to = coalesce(in_reply_to, :in_reply_to),
    trace_id = coalesce(trace_id, :trace_id), span_id = coalesce(span_id, :span_id), by_receipt = 0
WHERE project_id = :project_id AND message_id = :message_id AND by_receipt = 1;

-- hold_votes_on --
-- Nothing: there is one writer.
SELECT :message_id LIMIT 0;

-- read_votes_on --
-- Votes on one message that stand, for the words of a content that came after them.
SELECT f.vote, f.comment, f.auth_level, f.seq
FROM feedback AS f
WHERE f.project_id = :project_id AND f.message_id = :message_id AND f.vote IS NOT NULL;

-- touch_conversation --
-- A message makes its conversation known and moves its updated_at forward.
INSERT INTO conversations (project_id, conversation_id, owner, created_at, updated_at, title)
VALUES {rows}
ON CONFLICT (project_id, conversation_id) DO UPDATE SET
    updated_at = max(conversations.updated_at, excluded.updated_at);

-- insert_conversation --
INSERT INTO conversations (project_id, conversation_id, owner, created_at, updated_at, title)
VALUES (:project_id, :conversation_id, :owner, :created_at, :updated_at, :title)
ON CONFLICT (project_id, conversation_id) DO NOTHING
RETURNING 1;

-- read_links --
SELECT l.subject, l.user_key
FROM json_each(:subjects) AS w
CROSS JOIN links AS l
WHERE l.project_id = :project_id AND l.subject = w.value;

-- insert_link --
INSERT INTO links (project_id, subject, user_key, linked_at) VALUES {rows};

-- hold_owner --
-- Nothing: there is one writer.
WITH w (project_id, subject, user_key, linked_at) AS (VALUES {rows}) SELECT w.subject FROM w LIMIT 0;

-- let_go_of_owners --
SELECT w.value FROM json_each(:subjects) AS w LIMIT 0;

-- give_conversation --
INSERT INTO conversations (project_id, conversation_id, owner, created_at, updated_at, title)
VALUES {rows}
ON CONFLICT (project_id, conversation_id) DO UPDATE SET owner = excluded.owner;

-- read_messages_of_owner --
-- Of some of the owner's conversations.
SELECT m.message_id
FROM json_each(:ids) AS w
CROSS JOIN messages AS m INDEXED BY messages_by_conversation
WHERE m.project_id = :project_id AND m.conversation_id = w.value AND m.owner = :owner;

-- read_messages_to_give --
-- Messages that become a user's: each with what a vote's decision knows, how the user's own vote on it counts, and its
-- vote. A content may yet come before they are the user's, so that each is taken for one that has it.
SELECT m.message_id, m.role, m.owner, f.vote, f.revision, f.created_at, f.updated_at, f.seq, f.auth_level,
       f.comment IS NOT NULL, f.reasons, m.created_at, m.model, m.prompt_version, m.arms, m.locale, m.platform,
       TRUE, u.vote, u.comment IS NOT NULL, u.auth_level, u.reasons,
       m.project_id, m.message_id, f.subject, f.vote, f.comment, f.reasons, f.revision, f.contract, f.auth_level,
       f.created_at, f.updated_at
FROM json_each(:ids) AS w
CROSS JOIN messages AS m
LEFT JOIN feedback AS f ON f.project_id = m.project_id AND f.message_id = m.message_id AND f.subject = m.owner
LEFT JOIN feedback AS u ON u.project_id = m.project_id AND u.message_id = m.message_id AND u.subject = :user
WHERE m.project_id = :project_id AND m.message_id = w.value AND m.owner = :owner;

-- read_reviewed --
-- On which of these messages the owner's vote, as it stands, is reviewed.
SELECT f.message_id
FROM json_each(:ids) AS w
CROSS JOIN feedback AS f ON f.project_id = :project_id AND f.message_id = w.value AND f.subject = :owner
CROSS JOIN reviews AS r
    ON r.project_id = f.project_id AND r.message_id = f.message_id AND r.subject = f.subject AND r.revision = f.revision;

-- claim_votes --
-- Nothing: there is one writer.
WITH w (project_id, message_id, subject, revision) AS (VALUES {rows}) SELECT w.subject FROM w LIMIT 0;

-- give_messages --
UPDATE messages SET owner = :user
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w) AND owner = :owner;

-- forget_votes --
-- They are the user's now; what was said remains in the history.
DELETE FROM feedback
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w) AND subject = :owner;

-- give_reviews --
UPDATE reviews SET subject = :user
WHERE project_id = :project_id AND message_id IN (SELECT w.value FROM json_each(:ids) AS w) AND subject = :owner;

-- renew_review --
-- What was said of the revision before this one, which is the same vote.
UPDATE reviews SET revision = :revision
WHERE project_id = :project_id AND message_id = :message_id AND subject = :user AND revision = :revision - 1;

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
       f.vote, f.comment, f.reasons, f.revision, f.contract, f.auth_level, f.created_at, f.updated_at, f.subject
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
       f.vote, f.comment, f.reasons, f.revision, f.contract, f.auth_level, f.created_at, f.updated_at, f.subject
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
       f.vote, f.comment, f.reasons, f.revision, f.contract, f.auth_level, f.created_at, f.updated_at, f.subject
FROM messages AS m
CROSS JOIN feedback AS f ON f.project_id = m.project_id AND f.message_id = m.message_id
CROSS JOIN history AS h ON h.seq = f.seq AND h.message_id = f.message_id
WHERE m.project_id = :project_id AND f.vote IS NOT NULL AND {conditions}
ORDER BY h.updated_at DESC, h.seq DESC
LIMIT :limit;

-- read_history --
-- A message's entries, from each key's newest back to its first, which may be another subject's (see `linking`). Each
-- table is told the message, so that a cluster asks one node.
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
SELECT project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level, created_at, updated_at
FROM entry
ORDER BY seq;

-- add_changes --
-- What one transaction has changed in the totals.
INSERT INTO totals_changes (id, changes) VALUES (:id, :changes);

-- read_cells_by_id --
SELECT c.cell
FROM json_each(:cells) AS w
CROSS JOIN cells AS c
WHERE c.project_id = :project_id AND c.cell = w.value;

-- make_cell_known --
-- Many may register the first answers of a cell at once: whoever comes first has written the same row.
INSERT INTO cells (project_id, cell, model, prompt_version, arms, locale, platform)
VALUES (:project_id, :cell, :model, :prompt_version, :arms, :locale, :platform)
ON CONFLICT (project_id, cell) DO NOTHING;

-- insert_cell --
INSERT INTO cells (project_id, cell, model, prompt_version, arms, locale, platform)
VALUES {rows};

-- read_cells --
SELECT cell.cell, cell.model, cell.prompt_version, cell.locale, cell.platform, cell.arms
FROM cells AS cell
WHERE cell.project_id = :project_id;

-- read_changes --
SELECT unfolded.id, unfolded.changes FROM totals_changes AS unfolded;

-- read_changes_to_fold --
-- In the order of their numbers: what a vote took away is never before what it had added.
SELECT unfolded.id, unfolded.changes FROM totals_changes AS unfolded ORDER BY unfolded.id LIMIT :limit;

-- take_changes --
DELETE FROM totals_changes WHERE id IN (SELECT w.value FROM json_each(:ids) AS w) RETURNING id;

-- read_totals_hourly_of --
SELECT t.project_id, t.hour, t.cell, t.auth_level, t.commented, t.shown, t.likes, t.dislikes, t.version
FROM json_each(:wanted) AS w
CROSS JOIN totals_hourly AS t
WHERE t.project_id = :project_id AND t.hour = w.value ->> 0 AND t.cell = w.value ->> 1;

-- read_totals_daily_of --
SELECT t.project_id, t.day, t.cell, t.auth_level, t.commented, t.shown, t.likes, t.dislikes, t.version
FROM json_each(:wanted) AS w
CROSS JOIN totals_daily AS t
WHERE t.project_id = :project_id AND t.day = w.value ->> 0 AND t.cell = w.value ->> 1;

-- write_totals_hourly --
INSERT INTO totals_hourly (project_id, hour, cell, auth_level, commented, shown, likes, dislikes, version)
VALUES {rows}
ON CONFLICT (project_id, hour, cell, auth_level, commented) DO UPDATE SET
    shown = excluded.shown, likes = excluded.likes, dislikes = excluded.dislikes, version = excluded.version;

-- write_totals_daily --
INSERT INTO totals_daily (project_id, day, cell, auth_level, commented, shown, likes, dislikes, version)
VALUES {rows}
ON CONFLICT (project_id, day, cell, auth_level, commented) DO UPDATE SET
    shown = excluded.shown, likes = excluded.likes, dislikes = excluded.dislikes, version = excluded.version;

-- read_totals_hourly --
SELECT t.hour, t.cell, t.auth_level, t.commented, t.shown, t.likes, t.dislikes
FROM totals_hourly AS t
WHERE t.project_id = :project_id AND t.hour >= :first AND t.hour < :last;

-- read_totals_daily --
SELECT t.day, t.cell, t.auth_level, t.commented, t.shown, t.likes, t.dislikes
FROM totals_daily AS t
WHERE t.project_id = :project_id AND t.day >= :first AND t.day < :last
  AND (:with_kinds OR t.auth_level = :no_level);

-- leave_queue --
DELETE FROM review_queue
WHERE project_id = :project_id AND reviewed IN (FALSE, TRUE) AND rank IN (SELECT w.value FROM json_each(:ranks) AS w);

-- forget_words --
DELETE FROM search WHERE rowid IN (SELECT w.value FROM json_each(:ranks) AS w);

-- join_queue --
INSERT INTO review_queue (project_id, reviewed, rank, message_id, subject) VALUES {rows};

-- note_words --
-- Rows: rank, project, message, words. A text table of SQLite's has room for a number and the words.
WITH noted (rank, project_id, message_id, words) AS (VALUES {rows})
INSERT INTO search (rowid, words) SELECT n.rank, n.words FROM noted AS n;

-- read_contents --
-- Of a few messages, as much as is searched.
SELECT m.message_id, substr(m.content, 1, :characters)
FROM json_each(:ids) AS w
CROSS JOIN messages AS m
WHERE m.project_id = :project_id AND m.message_id = w.value;

-- read_queue --
SELECT q.rank
FROM review_queue AS q
WHERE q.project_id = :project_id AND q.reviewed = :reviewed AND q.rank < :before
ORDER BY q.rank DESC
LIMIT :limit;

-- search_queue --
-- The same of those that hold all of the words.
SELECT q.rank
FROM search AS s
CROSS JOIN review_queue AS q ON q.project_id = :project_id AND q.reviewed = :reviewed AND q.rank = s.rowid
WHERE s.search MATCH :match AND s.rowid < :before
ORDER BY s.rowid DESC
LIMIT :limit;

-- read_words_beginning --
-- Known words of all projects, from `first` up to `last`.
SELECT k.term FROM known_words AS k WHERE k.term >= :first AND k.term <= :last LIMIT :limit;

-- read_queued_votes --
SELECT q.rank,
       m.project_id, m.message_id, m.role, m.owner, m.conversation_id, m.created_at, m.in_reply_to, m.model,
       m.prompt_version, m.arms, m.locale, m.platform, m.trace_id, m.span_id, m.metadata, m.content,
       f.vote, f.comment, f.reasons, f.revision, f.contract, f.auth_level, f.created_at, f.updated_at, f.subject,
       r.label, r.note, r.reviewer, r.reviewed_at
FROM review_queue AS q
CROSS JOIN feedback AS f ON f.project_id = q.project_id AND f.message_id = q.message_id AND f.subject = q.subject
CROSS JOIN messages AS m ON m.project_id = q.project_id AND m.message_id = q.message_id
LEFT JOIN reviews AS r
    ON r.project_id = q.project_id AND r.message_id = q.message_id AND r.subject = q.subject AND r.revision = f.revision
WHERE q.project_id = :project_id AND q.reviewed = :reviewed AND q.rank IN (SELECT w.value FROM json_each(:ranks) AS w)
  AND {conditions}
ORDER BY q.rank DESC
LIMIT :limit;

-- hold_vote --
-- A vote that is about to be reviewed.
SELECT f.vote, f.comment IS NOT NULL, f.auth_level, f.revision, f.seq
FROM feedback AS f
WHERE f.project_id = :project_id AND f.message_id = :message_id AND f.subject = :subject;

-- take_back_review --
DELETE FROM reviews
WHERE project_id = :project_id AND message_id = :message_id AND subject = :subject AND revision = :revision;

-- write_review --
-- Of two who review at once the later one has said it.
INSERT INTO reviews (project_id, message_id, subject, revision, label, note, reviewer, reviewed_at)
VALUES (:project_id, :message_id, :subject, :revision, :label, :note, :reviewer, :reviewed_at)
ON CONFLICT (project_id, message_id, subject, revision) DO UPDATE SET
    label = excluded.label, note = excluded.note, reviewer = excluded.reviewer, reviewed_at = excluded.reviewed_at;

-- mark_in_queue --
UPDATE review_queue SET reviewed = :reviewed
WHERE project_id = :project_id AND reviewed IN (FALSE, TRUE) AND rank = :rank AND message_id = :message_id;

-- read_reviews --
SELECT r.subject, r.revision, r.label, r.note, r.reviewer, r.reviewed_at
FROM reviews AS r
WHERE r.project_id = :project_id AND r.message_id = :message_id
ORDER BY r.subject, r.revision;

-- read_whether_counted --
SELECT EXISTS (SELECT 1 FROM totals_changes) OR EXISTS (SELECT 1 FROM totals_hourly), EXISTS (SELECT 1 FROM messages);

-- read_zones --
SELECT z.project_id, z.time_zone FROM totals_zones AS z;

-- append_audit --
INSERT INTO audit (project_id, number, at, actor, action, details, sha256) VALUES {rows};

-- read_last_audit --
SELECT a.number, a.at, a.actor, a.action, a.details, a.sha256
FROM audit AS a WHERE a.project_id = :project_id AND a.number > 0 ORDER BY a.number DESC LIMIT 1;

-- read_audit --
SELECT a.number, a.at, a.actor, a.action, a.details, a.sha256
FROM audit AS a WHERE a.project_id = :project_id AND a.number > :after AND {conditions}
ORDER BY a.number LIMIT :limit;

-- count_missed --
INSERT INTO unknown_messages (project_id, day, reason, page, count) VALUES {rows}
ON CONFLICT (project_id, day, reason, page) DO UPDATE SET count = unknown_messages.count + excluded.count;

-- read_missed --
SELECT u.day, u.reason, u.page, u.count
FROM unknown_messages AS u
WHERE u.project_id = :project_id AND u.day >= :since
ORDER BY u.count DESC, u.day DESC, u.reason, u.page;

-- write_zone --
INSERT INTO totals_zones (project_id, time_zone) VALUES {rows};

-- clear_zones --
DELETE FROM totals_zones;

-- clear_changes --
DELETE FROM totals_changes;

-- clear_totals_hourly --
DELETE FROM totals_hourly;

-- clear_totals_daily --
DELETE FROM totals_daily;

-- clear_cells --
DELETE FROM cells;

-- clear_queue --
DELETE FROM review_queue;

-- clear_words --
DELETE FROM search;

-- read_messages_to_count --
-- Messages and their owners' votes by key, a part at a time.
SELECT m.project_id, m.message_id, m.owner, m.created_at, m.model, m.prompt_version, m.arms, m.locale, m.platform,
       f.vote, f.comment IS NOT NULL, f.auth_level, f.reasons
FROM messages AS m
LEFT JOIN feedback AS f ON f.project_id = m.project_id AND f.message_id = m.message_id AND f.subject = m.owner
WHERE (m.project_id, m.message_id) > (:project_id, :message_id) AND m.role = :role
ORDER BY m.project_id, m.message_id
LIMIT :limit;

-- read_votes_to_queue --
-- Dislikes, and likes with a comment, by key, a part at a time. Of one that is nobody's any more there is nothing to
-- review.
SELECT f.project_id, f.message_id, f.subject, f.vote, f.comment, f.auth_level, f.seq,
       substr(m.content, 1, :characters), r.revision IS NOT NULL
FROM feedback AS f
CROSS JOIN messages AS m ON m.project_id = f.project_id AND m.message_id = f.message_id
LEFT JOIN reviews AS r
    ON r.project_id = f.project_id AND r.message_id = f.message_id AND r.subject = f.subject AND r.revision = f.revision
WHERE (f.project_id, f.message_id, f.subject) > (:project_id, :message_id, :subject)
    AND NOT (f.subject > :nobody AND f.subject < :after_nobody)
    AND (f.vote < 0 OR (f.vote > 0 AND f.comment IS NOT NULL))
ORDER BY f.project_id, f.message_id, f.subject
LIMIT :limit;

-- read_all_totals_hourly --
SELECT t.project_id, t.hour, t.cell, t.auth_level, t.commented, t.shown, t.likes, t.dislikes FROM totals_hourly AS t;

-- read_all_totals_daily --
SELECT t.project_id, t.day, t.cell, t.auth_level, t.commented, t.shown, t.likes, t.dislikes FROM totals_daily AS t;
