-- +goose Up

-- The signed states that told a device to stop, so that a receipt can be held
-- against what it answers. One per status of a sign-in, and one more where the
-- key that signed the first is no longer in use.
CREATE TABLE orders (
    account_id TEXT   NOT NULL,
    device_id  TEXT   NOT NULL,
    epoch      BIGINT NOT NULL,
    digest     TEXT   NOT NULL,             -- of the JWS
    status     TEXT   NOT NULL,
    signed     BIGINT NOT NULL,             -- milliseconds since 1970
    jws        TEXT   NOT NULL,
    PRIMARY KEY (account_id, device_id, epoch, digest)
);
