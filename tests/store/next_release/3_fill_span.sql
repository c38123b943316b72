-- run: batches
UPDATE messages SET span_id = 'none' WHERE (project_id, message_id) IN (
    SELECT project_id, message_id FROM messages WHERE span_id IS NULL LIMIT 20);
