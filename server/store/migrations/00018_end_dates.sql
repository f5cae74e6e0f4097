-- +goose Up

-- When a device is to be signed out by itself ("hotel mode"); 0: never. ends_held
-- says that every lease of this sign-in ends by then.
ALTER TABLE devices ADD COLUMN ends BIGINT NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN ends_held BIGINT NOT NULL DEFAULT 0;
CREATE INDEX devices_ends ON devices (ends) WHERE ends > 0 AND status = 'active';
