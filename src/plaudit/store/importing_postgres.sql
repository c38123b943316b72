-- insert_feedback --
-- A key that somebody has voted with meanwhile is left as it is.
INSERT INTO feedback (project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level,
                      created_at, updated_at, seq)
SELECT * FROM unnest(:project_id::text[], :message_id::text[], :subject::text[], :vote::smallint[], :comment::text[],
                     :reasons::text[], :revision::integer[], :contract::text[], :auth_level::text[],
                     :created_at::bigint[], :updated_at::bigint[], :seq::bigint[])
ON CONFLICT (project_id, message_id, subject) DO NOTHING;

-- append_past --
INSERT INTO history (project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level,
                     created_at, updated_at, seq, previous_seq)
SELECT * FROM unnest(:project_id::text[], :message_id::text[], :subject::text[], :vote::smallint[], :comment::text[],
                     :reasons::text[], :revision::integer[], :contract::text[], :auth_level::text[],
                     :created_at::bigint[], :updated_at::bigint[], :seq::bigint[], :previous_seq::bigint[]);
