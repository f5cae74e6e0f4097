-- +goose Up

-- Times are milliseconds since 1970 (UTC), 0 for never. Flags are 0 or 1.
-- Identifiers are UUIDv7 as text, except device_id, which is derived from the
-- device's public key. account_id comes first in every primary key; tables
-- without one look accounts up, or are about nobody yet.

CREATE TABLE accounts (
    account_id   TEXT   NOT NULL PRIMARY KEY,
    email        TEXT   NOT NULL,           -- as the owner typed it
    password     TEXT   NOT NULL,           -- argon2id, PHC string
    language     TEXT   NOT NULL,           -- BCP 47
    generation   BIGINT NOT NULL,           -- +1 signs out everywhere
    ended_by     TEXT   NOT NULL DEFAULT '',-- who raised the generation last
    ended_at     BIGINT NOT NULL DEFAULT 0, -- and when
    ended_where  TEXT   NOT NULL DEFAULT '',-- and from where
    version      BIGINT NOT NULL,           -- +1 with every change that a device must hear of
    pins_version BIGINT NOT NULL DEFAULT 0, -- +1 with every change of a PIN; 0: never had one
    created      BIGINT NOT NULL,
    updated      BIGINT NOT NULL            -- of the version: nodes poll it
);
CREATE INDEX accounts_updated ON accounts (updated);

-- Which account an address belongs to.
CREATE TABLE email_index (
    email_key  TEXT NOT NULL PRIMARY KEY,   -- lower case
    account_id TEXT NOT NULL REFERENCES accounts (account_id)
);

-- A sign-up under way, with its newest access code.
CREATE TABLE attempts (
    attempt_id TEXT   NOT NULL PRIMARY KEY,
    email      TEXT   NOT NULL,
    email_key  TEXT   NOT NULL,
    password   TEXT   NOT NULL,             -- argon2id, PHC string
    language   TEXT   NOT NULL,
    code_hash  BLOB   NOT NULL,             -- keyed
    tries      BIGINT NOT NULL,             -- wrong or not, of this code
    sent       BIGINT NOT NULL,             -- the newest code
    expires    BIGINT NOT NULL,             -- of the code
    created    BIGINT NOT NULL
);
CREATE INDEX attempts_created ON attempts (created);

-- Counters that slow down whoever asks too often. Keys are keyed hashes.
CREATE TABLE throttles (
    scope      TEXT   NOT NULL,
    subject    BLOB   NOT NULL,
    count      BIGINT NOT NULL,
    since      BIGINT NOT NULL,             -- the first that counts
    until      BIGINT NOT NULL,             -- nothing before this time
    PRIMARY KEY (scope, subject)
);
CREATE INDEX throttles_since ON throttles (since);

CREATE TABLE web_sessions (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    session_id TEXT   NOT NULL,
    token_hash TEXT   NOT NULL,             -- SHA-256, base64url
    generation BIGINT NOT NULL,             -- live only while it is the account's
    created    BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    proved     BIGINT NOT NULL,             -- when the password was last given
    agent      TEXT   NOT NULL,
    ip         TEXT   NOT NULL,
    place      TEXT   NOT NULL,
    PRIMARY KEY (account_id, session_id)
);

CREATE TABLE profiles (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    profile_id TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    avatar     TEXT   NOT NULL,
    level      BIGINT NOT NULL,
    language   TEXT   NOT NULL,
    kids       BIGINT NOT NULL,
    main       BIGINT NOT NULL,
    created    BIGINT NOT NULL,
    PRIMARY KEY (account_id, profile_id)
);

CREATE TABLE pins (
    account_id TEXT   NOT NULL,
    profile_id TEXT   NOT NULL,
    version    BIGINT NOT NULL,             -- the account's pins_version that set it
    salt       BLOB   NOT NULL,
    memory     BIGINT NOT NULL,             -- KiB
    passes     BIGINT NOT NULL,
    sealed     BLOB   NOT NULL,             -- K under the data key
    created    BIGINT NOT NULL,
    PRIMARY KEY (account_id, profile_id),
    FOREIGN KEY (account_id, profile_id) REFERENCES profiles (account_id, profile_id) ON DELETE CASCADE
);

-- Every device that was ever signed in, with its newest sign-in over all
-- accounts and the connections it has counted.
CREATE TABLE device_index (
    device_id  TEXT   NOT NULL PRIMARY KEY,
    public_key BLOB   NOT NULL,
    account_id TEXT   NOT NULL,
    epoch      BIGINT NOT NULL,
    conn       BIGINT NOT NULL
);

CREATE TABLE devices (
    account_id      TEXT   NOT NULL REFERENCES accounts (account_id),
    device_id       TEXT   NOT NULL,
    public_key      BLOB   NOT NULL,
    name            TEXT   NOT NULL,
    model           TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    epoch           BIGINT NOT NULL,
    generation      BIGINT NOT NULL,            -- the account's at the sign-in
    status          TEXT   NOT NULL,            -- desired; only stricter within an epoch
    cause_by        TEXT   NOT NULL DEFAULT '', -- who made it so
    cause_at        BIGINT NOT NULL,            -- and when
    cause_where     TEXT   NOT NULL DEFAULT '', -- and from where
    applied_status  TEXT   NOT NULL DEFAULT '', -- proved by a receipt of this epoch
    applied_version BIGINT NOT NULL DEFAULT 0,
    applied_at      BIGINT NOT NULL DEFAULT 0,  -- when the receipt of applied_status came
    profile_id      TEXT   NOT NULL DEFAULT '', -- who is watching
    connected       BIGINT NOT NULL DEFAULT 0,
    node_id         TEXT   NOT NULL DEFAULT '', -- that holds or held the connection
    conn            BIGINT NOT NULL DEFAULT 0,  -- which connection that is
    last_grant      BIGINT NOT NULL,            -- exact once disconnected
    last_contact    BIGINT NOT NULL,            -- exact once disconnected
    lease           BIGINT NOT NULL,            -- milliseconds of that grant
    first_seen      BIGINT NOT NULL,
    signed_in       BIGINT NOT NULL,            -- this epoch's beginning
    ip              TEXT   NOT NULL,
    place           TEXT   NOT NULL,
    PRIMARY KEY (account_id, device_id)
);
CREATE INDEX devices_device ON devices (device_id, epoch);

-- TVs that show a user code. The code is derived from the salt with the
-- server's key and found again by its keyed hash.
CREATE TABLE enrolments (
    device_id  TEXT   NOT NULL PRIMARY KEY,
    public_key BLOB   NOT NULL,
    code_hash  BLOB   NOT NULL UNIQUE,
    salt       BLOB   NOT NULL,
    name       TEXT   NOT NULL,
    model      TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    state      TEXT   NOT NULL,             -- pending, approved, refused
    account_id TEXT   NOT NULL DEFAULT '',  -- of the approval
    epoch      BIGINT NOT NULL DEFAULT 0,   -- of the approval
    ip         TEXT   NOT NULL,
    place      TEXT   NOT NULL,
    created    BIGINT NOT NULL,
    expires    BIGINT NOT NULL
);
CREATE INDEX enrolments_expires ON enrolments (expires);

-- What devices proved, as they signed it. Of receipts for an active state only
-- the newest of an epoch is kept.
CREATE TABLE receipts (
    account_id TEXT   NOT NULL,
    device_id  TEXT   NOT NULL,
    digest     TEXT   NOT NULL,             -- of the JWS
    typ        TEXT   NOT NULL,             -- of the JWS
    epoch      BIGINT NOT NULL,
    status     TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    applied    BIGINT NOT NULL,             -- by the device's idea of our time
    received   BIGINT NOT NULL,
    jws        TEXT   NOT NULL,
    PRIMARY KEY (account_id, device_id, digest),
    FOREIGN KEY (account_id, device_id) REFERENCES devices (account_id, device_id)
);

CREATE TABLE activity (
    account_id TEXT   NOT NULL,
    device_id  TEXT   NOT NULL,
    epoch      BIGINT NOT NULL,
    seq        BIGINT NOT NULL,             -- the device's number, from 1 in each epoch
    profile_id TEXT   NOT NULL,
    title_id   TEXT   NOT NULL,
    what       TEXT   NOT NULL,
    at         BIGINT NOT NULL,             -- by the device's idea of our time
    position   BIGINT NOT NULL,             -- seconds
    received   BIGINT NOT NULL,
    PRIMARY KEY (account_id, device_id, epoch, seq),
    FOREIGN KEY (account_id, device_id) REFERENCES devices (account_id, device_id)
);
CREATE INDEX activity_profile ON activity (account_id, profile_id, at);
CREATE INDEX activity_received ON activity (received);

CREATE TABLE timeline (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    entry_id   TEXT   NOT NULL,             -- UUIDv7: sorts by time
    at         BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    actor      TEXT   NOT NULL,
    device_id  TEXT   NOT NULL,
    profile_id TEXT   NOT NULL,
    subject    TEXT   NOT NULL,             -- the name it had then
    ip         TEXT   NOT NULL,
    place      TEXT   NOT NULL,
    PRIMARY KEY (account_id, entry_id)
);

-- Server processes. A row stays after its process ended: it bounds the grants
-- that a crashed one gave.
CREATE TABLE nodes (
    node_id   TEXT   NOT NULL PRIMARY KEY,
    heartbeat BIGINT NOT NULL
);
