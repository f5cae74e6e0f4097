-- +goose Up

-- Signing in with more than a password. Secrets are here only as hashes, or
-- sealed with the server's data key.

ALTER TABLE accounts ADD COLUMN second_factor BIGINT NOT NULL DEFAULT 0;      -- the password alone is not enough

ALTER TABLE web_sessions ADD COLUMN factors TEXT NOT NULL DEFAULT 'password'; -- what the sign-in was made with

-- The newest access code of each attempt that needs one.
CREATE TABLE access_codes (
    attempt_id  TEXT   NOT NULL,            -- hash of the secret that the browser keeps
    purpose     TEXT   NOT NULL,
    account_id  TEXT   NOT NULL,            -- '' before there is one
    channel     TEXT   NOT NULL,            -- mail, sms
    destination TEXT   NOT NULL,
    code_hash   BLOB   NOT NULL,            -- keyed, of attempt, purpose, destination and code
    tries       BIGINT NOT NULL,            -- right or wrong, of this code
    used        BIGINT NOT NULL,            -- when; 0: not yet
    sent        BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    created     BIGINT NOT NULL,            -- of the attempt's first code
    PRIMARY KEY (attempt_id, purpose)
);
CREATE INDEX access_codes_created ON access_codes (created);
CREATE INDEX access_codes_account ON access_codes (account_id);

-- Sign-ups no longer hold a code of their own. One under way begins again.
DROP TABLE attempts;
CREATE TABLE attempts (
    attempt_id TEXT   NOT NULL PRIMARY KEY, -- hash of the secret that the browser keeps
    email      TEXT   NOT NULL,
    email_key  TEXT   NOT NULL,
    password   TEXT   NOT NULL,             -- argon2id, PHC string
    language   TEXT   NOT NULL,
    created    BIGINT NOT NULL
);
CREATE INDEX attempts_created ON attempts (created);

-- Sign-ins that gave the right password and need something more.
CREATE TABLE sign_ins (
    sign_in_id TEXT   NOT NULL PRIMARY KEY, -- hash of the secret that the browser keeps
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    generation BIGINT NOT NULL,             -- of the account when the password was right
    password   TEXT   NOT NULL,             -- hash of its hash then
    needs      TEXT   NOT NULL,             -- code, second-factor
    device     TEXT   NOT NULL,             -- hash of the known device's secret; '' for an unknown one
    reasons    TEXT   NOT NULL,             -- why, for the timeline
    suspicious BIGINT NOT NULL,
    tries      BIGINT NOT NULL,             -- of the second factor
    created    BIGINT NOT NULL,
    expires    BIGINT NOT NULL
);
CREATE INDEX sign_ins_expires ON sign_ins (expires);
CREATE INDEX sign_ins_account ON sign_ins (account_id);

-- Browsers and TVs that signed in fully before.
CREATE TABLE known_devices (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    device     TEXT   NOT NULL,             -- hash of account and the 256 bits in the cookie
    agent      TEXT   NOT NULL,
    created    BIGINT NOT NULL,
    last_used  BIGINT NOT NULL,
    PRIMARY KEY (account_id, device)
);

-- Failures in a row. They end with a success and never by time.
CREATE TABLE streaks (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    counter    TEXT   NOT NULL,             -- 'unknown' for all unknown devices, 'factor', or 'device' and its hash
    failures   BIGINT NOT NULL,
    last       BIGINT NOT NULL,
    PRIMARY KEY (account_id, counter)
);

-- Where and with what somebody signed in: what a new sign-in is compared with.
CREATE TABLE sign_in_history (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    entry_id   TEXT   NOT NULL,             -- UUIDv7: sorts by time
    at         BIGINT NOT NULL,
    network    TEXT   NOT NULL,             -- IPv4 /24 or IPv6 /64
    provider   BIGINT NOT NULL,             -- autonomous system number; 0: unknown
    country    TEXT   NOT NULL,             -- ISO 3166-1; '' unknown
    located    BIGINT NOT NULL,             -- whether the position is known
    latitude   BIGINT NOT NULL,             -- thousandths of a degree
    longitude  BIGINT NOT NULL,
    browser    TEXT   NOT NULL,
    os         TEXT   NOT NULL,
    kind       TEXT   NOT NULL,             -- desktop, mobile, tablet, tv; '' unknown
    PRIMARY KEY (account_id, entry_id)
);
CREATE INDEX sign_in_history_at ON sign_in_history (at);

-- How common the traits of sign-ins are over all accounts; about nobody.
CREATE TABLE sign_in_traits (
    trait TEXT   NOT NULL,
    value TEXT   NOT NULL,                  -- '' counts the different values
    times BIGINT NOT NULL,
    PRIMARY KEY (trait, value)
);

-- The authenticator app.
CREATE TABLE totp (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
    sealed     BLOB   NOT NULL,             -- the secret, under the data key
    step       BIGINT NOT NULL,             -- the last one that was used
    created    BIGINT NOT NULL,
    confirmed  BIGINT NOT NULL              -- 0: not on yet
);

CREATE TABLE recovery_codes (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    code_hash  BLOB   NOT NULL,             -- keyed
    created    BIGINT NOT NULL,
    PRIMARY KEY (account_id, code_hash)
);

CREATE TABLE passkeys (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    passkey_id TEXT   NOT NULL,             -- UUIDv7
    credential TEXT   NOT NULL UNIQUE,      -- its id, base64url
    name       TEXT   NOT NULL,
    data       BLOB   NOT NULL,             -- public key and flags, as JSON
    sign_count BIGINT NOT NULL,
    regressed  BIGINT NOT NULL,             -- when the count went back last; 0: never
    created    BIGINT NOT NULL,
    last_used  BIGINT NOT NULL,
    PRIMARY KEY (account_id, passkey_id)
);

-- More of what an entry is about, e.g. the reasons of a score.
ALTER TABLE timeline ADD COLUMN detail TEXT NOT NULL DEFAULT '';

-- What a browser was asked to sign with a passkey, once.
CREATE TABLE ceremonies (
    ceremony_id TEXT   NOT NULL PRIMARY KEY, -- hash of the secret that the browser keeps
    account_id  TEXT   NOT NULL,             -- '' where the passkey will tell
    purpose     TEXT   NOT NULL,             -- register, sign-in, second-factor, proof
    about       TEXT   NOT NULL,             -- what it is bound to
    data        BLOB   NOT NULL,             -- the challenge and its terms, as JSON
    expires     BIGINT NOT NULL
);
CREATE INDEX ceremonies_expires ON ceremonies (expires);
