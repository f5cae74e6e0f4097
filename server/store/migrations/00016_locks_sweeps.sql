-- +goose Up

-- Accounts that support has locked: no sign-in begins a session while the row
-- is here (BeginWebSession).
CREATE TABLE account_locks (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
    operator   TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    at         BIGINT NOT NULL              -- milliseconds since 1970, as all times; 0: never
);

-- "Sign out every device of everyone": asked for by one operator, approved by
-- another, done account by account in the order of their ids. How far it is
-- stands here and moves in the transactions that sign out, so that no account is
-- left out or signed out twice, whatever crashes and however many nodes work.
CREATE TABLE sweeps (
    sweep_id    TEXT   NOT NULL PRIMARY KEY, -- UUIDv7: sorts by time
    operator    TEXT   NOT NULL,             -- who asked
    reason      TEXT   NOT NULL,
    asked       BIGINT NOT NULL,
    expires     BIGINT NOT NULL,             -- by then it is approved, or void
    per_second  BIGINT NOT NULL,             -- accounts
    tell        BIGINT NOT NULL,             -- 1: each owner gets a notice
    approved_by TEXT   NOT NULL DEFAULT '',
    approved    BIGINT NOT NULL DEFAULT 0,   -- accounts made later are left alone
    total       BIGINT NOT NULL DEFAULT 0,   -- accounts there were then
    reached     TEXT   NOT NULL DEFAULT '',  -- the last account that was done, by id
    done        BIGINT NOT NULL DEFAULT 0,
    failed      BIGINT NOT NULL DEFAULT 0,   -- accounts that could not be signed out: the log names them
    next_at     BIGINT NOT NULL DEFAULT 0,   -- of the next batch
    finished    BIGINT NOT NULL DEFAULT 0,
    cancelled   BIGINT NOT NULL DEFAULT 0,
    ended_by    TEXT   NOT NULL DEFAULT ''   -- who cancelled it
);

CREATE INDEX devices_name ON devices (lower(name)); -- operators look for one
