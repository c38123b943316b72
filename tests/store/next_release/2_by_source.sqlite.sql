CREATE INDEX feedback_by_source ON feedback (project_id, source);
