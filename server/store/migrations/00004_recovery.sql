-- +goose Up

-- Phone numbers that were proved by a code, one per account.
CREATE TABLE phones (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
    number     TEXT   NOT NULL,             -- E.164
    proved     BIGINT NOT NULL,             -- when
    notices    BIGINT NOT NULL              -- 1: notices go there too
);

-- Which account a number belongs to.
CREATE TABLE phone_index (
    number     TEXT NOT NULL PRIMARY KEY,   -- E.164
    account_id TEXT NOT NULL REFERENCES accounts (account_id)
);

-- What the owner chose. Accounts without a row have the defaults.
CREATE TABLE preferences (
    account_id    TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
    new_code      BIGINT NOT NULL,          -- 1: a code is asked for on a new device
    sign_in_mails BIGINT NOT NULL,          -- 1: a mail at each new sign-in
    devices_due   BIGINT NOT NULL,          -- when to remind of the devices; 0: never
    password_due  BIGINT NOT NULL           -- when to remind of the password; 0: never
);
CREATE INDEX preferences_devices ON preferences (devices_due) WHERE devices_due > 0;
CREATE INDEX preferences_password ON preferences (password_due) WHERE password_due > 0;

-- A new address or number that waits for its code, of one web session.
CREATE TABLE changes (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    session_id TEXT   NOT NULL,
    kind       TEXT   NOT NULL,             -- email, phone, password
    value      TEXT   NOT NULL,             -- as it will be stored
    value_key  TEXT   NOT NULL,             -- as it will be found
    notices    BIGINT NOT NULL,             -- phone only
    attempt    TEXT   NOT NULL,             -- what the code that proves it is bound to
    everywhere BIGINT NOT NULL,             -- 1: sign out everywhere then
    created    BIGINT NOT NULL,
    PRIMARY KEY (account_id, session_id, kind)
);
CREATE INDEX changes_created ON changes (created);

-- What an account was before the first of a row of changes to its address,
-- number and second factor: one row of changes at a time.
CREATE TABLE chains (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
    chain_id   TEXT   NOT NULL,
    email_key  TEXT   NOT NULL,             -- the first address: only it can undo
    opened     BIGINT NOT NULL,             -- the first change
    moved      BIGINT NOT NULL,             -- the first change of the address; 0: none
    expires    BIGINT NOT NULL,
    factor     BIGINT NOT NULL,             -- since when there was a second factor; 0: none
    snapshot   BLOB   NOT NULL              -- sealed
);
CREATE INDEX chains_expires ON chains (expires);

-- Links in mails. The token is 256 random bits; only its hash is here.
CREATE TABLE links (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    link_hash  TEXT   NOT NULL,             -- SHA-256, base64url
    purpose    TEXT   NOT NULL,             -- not_me, keep, keep_factor
    subject    TEXT   NOT NULL,             -- the kind of the notice that holds it
    email_key  TEXT   NOT NULL,             -- where it was sent
    chain_id   TEXT   NOT NULL,             -- the row of changes it belongs to; '': none
    created    BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    used       BIGINT NOT NULL DEFAULT 0,   -- 0: not yet
    PRIMARY KEY (account_id, link_hash)
);
CREATE INDEX links_expires ON links (expires);

-- People who try to get back into an account; also those who try an account
-- that does not exist.
CREATE TABLE recoveries (
    recovery_id TEXT   NOT NULL PRIMARY KEY, -- hash of what the browser holds
    account_id  TEXT   NOT NULL,             -- '': none
    password    TEXT   NOT NULL,             -- the account's hash then: a newer one ends this
    typed       TEXT   NOT NULL,             -- the address or number that was given
    email       TEXT   NOT NULL,             -- the account's; '': none
    phone       TEXT   NOT NULL,             -- the account's; '': none
    language    TEXT   NOT NULL,             -- BCP 47
    proved      BIGINT NOT NULL,             -- when; 0: not yet
    created     BIGINT NOT NULL
);
CREATE INDEX recoveries_created ON recoveries (created);
CREATE INDEX recoveries_account ON recoveries (account_id);

-- Accounts on their way out.
CREATE TABLE erasures (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
    asked      BIGINT NOT NULL,
    due        BIGINT NOT NULL,             -- until then the owner can keep it
    closed     BIGINT NOT NULL DEFAULT 0    -- since then nobody can sign in; 0: not yet
);
CREATE INDEX erasures_due ON erasures (due);

-- Second factors that support was asked to remove.
CREATE TABLE factor_resets (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
    operator   TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    asked      BIGINT NOT NULL,
    due        BIGINT NOT NULL
);
CREATE INDEX factor_resets_due ON factor_resets (due);

-- Owners who walk through "my account was hacked".
CREATE TABLE walks (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
    begun      BIGINT NOT NULL,
    seen       TEXT   NOT NULL              -- the steps that were looked at, with spaces between
);
