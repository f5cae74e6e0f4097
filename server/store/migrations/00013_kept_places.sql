-- +goose Up

-- Written with each link, and never read: what a link undoes is the row of
-- changes that is open when it is used.
ALTER TABLE links DROP COLUMN chain_id;

-- Addresses and places are kept for less long than what happened there.
CREATE INDEX timeline_located ON timeline (at) WHERE ip <> '' OR place <> '';
CREATE INDEX web_sessions_located ON web_sessions (last_seen) WHERE ip <> '' OR place <> '';
CREATE INDEX sign_in_history_located ON sign_in_history (at) WHERE network <> '' OR located = 1;
