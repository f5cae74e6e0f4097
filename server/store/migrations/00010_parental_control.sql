-- +goose Up

-- A lock belongs to a profile, or to the whole household: the parental PIN has
-- the profile_id 'parental'. So no key refers to profiles: whoever removes a
-- profile removes its lock.
CREATE TABLE pins_next (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    profile_id TEXT   NOT NULL,
    version    BIGINT NOT NULL,             -- the account's pins_version that set it
    salt       BLOB   NOT NULL,
    memory     BIGINT NOT NULL,             -- KiB
    passes     BIGINT NOT NULL,
    sealed     BLOB   NOT NULL,             -- K under the data key
    created    BIGINT NOT NULL,
    unlocks    BIGINT NOT NULL DEFAULT 0,   -- the account's tries when the owner last forgave wrong tries; 0: never
    alarmed    BIGINT NOT NULL DEFAULT 0,   -- when the owner was last told that it is being guessed
    PRIMARY KEY (account_id, profile_id)
);
INSERT INTO pins_next (account_id, profile_id, version, salt, memory, passes, sealed, created)
    SELECT account_id, profile_id, version, salt, memory, passes, sealed, created FROM pins;
DROP TABLE pins;
ALTER TABLE pins_next RENAME TO pins;

-- +1 with every change of pin_tries that other devices must hear of.
ALTER TABLE accounts ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
-- +1 with every change of own lists and of what was begun.
ALTER TABLE accounts ADD COLUMN library BIGINT NOT NULL DEFAULT 0;

-- Wrong tries at one version of a PIN: those that a device's sign-in told of
-- and those that it made the server check. Each is forgiven one a day.
CREATE TABLE pin_tries (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    profile_id TEXT   NOT NULL,             -- of the PIN, or 'parental'
    pin        BIGINT NOT NULL,             -- its version
    device_id  TEXT   NOT NULL,
    epoch      BIGINT NOT NULL,
    told       BIGINT NOT NULL,
    told_at    BIGINT NOT NULL,             -- since when the next one is being forgiven
    checked    BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    last       BIGINT NOT NULL,             -- the newest wrong try; 0 once the PIN was right
    PRIMARY KEY (account_id, profile_id, pin, device_id, epoch)
);

-- What the household decided beside the parental PIN itself.
CREATE TABLE parental (
    account_id    TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
    above         BIGINT NOT NULL,          -- the PIN is asked for above this level; 0: by no level
    add_needs_pin BIGINT NOT NULL
);

-- Titles and series that ask for the parental PIN.
CREATE TABLE parental_titles (
    account_id TEXT   NOT NULL REFERENCES accounts (account_id),
    title_id   TEXT   NOT NULL,
    PRIMARY KEY (account_id, title_id)
);

-- Titles and series that a profile may never play.
CREATE TABLE blocked_titles (
    account_id TEXT   NOT NULL,
    profile_id TEXT   NOT NULL,
    title_id   TEXT   NOT NULL,
    PRIMARY KEY (account_id, profile_id, title_id),
    FOREIGN KEY (account_id, profile_id) REFERENCES profiles (account_id, profile_id) ON DELETE CASCADE
);
