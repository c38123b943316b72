-- run: batches
UPDATE messages SET locale = 'en' WHERE (project_id, message_id) IN (
    SELECT project_id, message_id FROM messages WHERE locale IS NULL LIMIT 20);
