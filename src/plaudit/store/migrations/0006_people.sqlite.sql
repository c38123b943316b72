-- Who has become a user is asked for when all that is known of that user is given out or erased.
CREATE INDEX links_by_user ON links (project_id, user_key);
