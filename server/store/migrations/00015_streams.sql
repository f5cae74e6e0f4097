-- +goose Up

-- What plays now: at most one title on each device, for as long as its newest
-- play grant is valid. Grants themselves are not kept.
CREATE TABLE streams (
    account_id TEXT   NOT NULL,
    device_id  TEXT   NOT NULL,
    epoch      BIGINT NOT NULL,             -- the device's sign-in
    play       BIGINT NOT NULL,             -- the device's own number of it
    profile_id TEXT   NOT NULL,
    title_id   TEXT   NOT NULL,
    began      BIGINT NOT NULL,
    until      BIGINT NOT NULL,
    PRIMARY KEY (account_id, device_id)
);
CREATE INDEX streams_until ON streams (until);
