-- +goose Up

-- The program that somebody used, apart from what an entry is about; and how
-- often an entry happened where repeats are only counted.
ALTER TABLE timeline ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE timeline ADD COLUMN times BIGINT NOT NULL DEFAULT 1;
CREATE INDEX timeline_at ON timeline (at); -- what is too old goes

-- The token of a web session before its last proof: it still ends the session,
-- so that a sign-out that races the proof does not miss it. It does nothing else.
ALTER TABLE web_sessions ADD COLUMN previous_hash TEXT NOT NULL DEFAULT '';

CREATE INDEX outbox_failed ON outbox (failed_at) WHERE failed_at > 0;
