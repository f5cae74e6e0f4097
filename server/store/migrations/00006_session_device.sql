-- +goose Up

-- The known device that a web session began on: it stays known where everything
-- else is signed out.
ALTER TABLE web_sessions ADD COLUMN device TEXT NOT NULL DEFAULT ''; -- of known_devices
