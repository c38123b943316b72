-- read_chains --
-- As `read_history`, with the numbers by which entries follow each other.
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
SELECT seq, previous_seq,
       project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level, created_at, updated_at
FROM entry
ORDER BY seq;

-- insert_feedback --
-- States of keys that have none, whatever their revisions.
INSERT INTO feedback (project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level,
                      created_at, updated_at, seq)
VALUES {rows};

-- append_past --
-- Entries of the history that are not their messages' owners', who was somebody else then.
INSERT INTO history (project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level,
                     created_at, updated_at, seq, previous_seq)
VALUES {rows};
