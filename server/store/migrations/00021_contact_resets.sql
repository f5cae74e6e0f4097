-- +goose Up

-- Accounts whose owner has lost mailbox, phone and factors, and that support was
-- asked to give another address.
CREATE TABLE contact_resets (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
    operator   TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    email      TEXT   NOT NULL, -- the address to be
    email_key  TEXT   NOT NULL, -- lower case
    asked      BIGINT NOT NULL,
    due        BIGINT NOT NULL
);
CREATE INDEX contact_resets_due ON contact_resets (due);
