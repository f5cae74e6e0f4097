-- +goose Up

-- People who run the service, and what they did. A name is never given twice,
-- so the log says for ever who it was.
CREATE TABLE operators (
    name       TEXT   NOT NULL PRIMARY KEY,
    role       TEXT   NOT NULL,             -- viewer, support, admin
    token_hash TEXT   NOT NULL UNIQUE,      -- SHA-256 of 256 random bits, base64url
    created_by TEXT   NOT NULL,             -- an operator's name; '' with the data folder
    created    BIGINT NOT NULL,             -- milliseconds since 1970, as all times; 0: never
    disabled   BIGINT NOT NULL DEFAULT 0,
    last_used  BIGINT NOT NULL DEFAULT 0    -- to the minute
);

-- Written before the act; the outcome follows. It outlives the accounts, so it
-- holds no address and no number.
CREATE TABLE operator_log (
    entry_id TEXT   NOT NULL PRIMARY KEY,   -- UUIDv7: sorts by time
    at       BIGINT NOT NULL,
    operator TEXT   NOT NULL,               -- '' with the data folder
    act      TEXT   NOT NULL,
    about    TEXT   NOT NULL,               -- an account's id or an operator's name; ''
    reason   TEXT   NOT NULL,
    outcome  TEXT   NOT NULL                -- '': under way, or cut off
);
CREATE INDEX operator_log_at ON operator_log (at);
