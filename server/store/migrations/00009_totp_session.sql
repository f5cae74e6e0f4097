-- +goose Up

-- A secret that was begun belongs to the web session that began it. One that
-- was begun before is no session's: it begins again.
DELETE FROM totp WHERE confirmed = 0;
ALTER TABLE totp ADD COLUMN session TEXT NOT NULL DEFAULT ''; -- of web_sessions, until it is confirmed
