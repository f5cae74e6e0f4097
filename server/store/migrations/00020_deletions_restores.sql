-- +goose Up

-- Deletions on their way into the journal beside the database, which a restored
-- backup is held against. A row goes when the journal has it on disk and the
-- files of the database hold nothing of what was deleted any more.
CREATE TABLE deletions (
    kind       TEXT   NOT NULL,             -- device, account_closed, account_erased
    account_id TEXT   NOT NULL,
    device_id  TEXT   NOT NULL,             -- '' where it is about an account
    epoch      BIGINT NOT NULL,             -- of the device; 0 likewise
    at         BIGINT NOT NULL,             -- milliseconds since 1970, as all times
    PRIMARY KEY (kind, account_id, device_id, epoch)
);

-- Backups that were restored into this database.
CREATE TABLE restores (
    restored BIGINT NOT NULL PRIMARY KEY,   -- when
    backup   BIGINT NOT NULL,               -- the newest thing that the backup knew
    epochs   BIGINT NOT NULL                -- every sign-in since has a number above this
);
