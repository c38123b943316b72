-- run: concurrently
CREATE INDEX CONCURRENTLY feedback_by_source ON feedback (project_id, source);
