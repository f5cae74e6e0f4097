-- +goose Up

-- Where a device that was reported stolen came from: a row per stay at an
-- address. They go when its owner finishes it.
CREATE TABLE stolen_reports (
    account_id TEXT   NOT NULL,
    device_id  TEXT   NOT NULL,
    seq        BIGINT NOT NULL,             -- from 1
    how        TEXT   NOT NULL,             -- last_contact, connection, sign_in_refused
    conn       BIGINT NOT NULL,             -- the newest connection of the stay; 0: none
    since      BIGINT NOT NULL,
    until      BIGINT NOT NULL,             -- 0: not known to have ended
    times      BIGINT NOT NULL,             -- how often it came there
    ip         TEXT   NOT NULL,
    place      TEXT   NOT NULL,
    PRIMARY KEY (account_id, device_id, seq),
    FOREIGN KEY (account_id, device_id) REFERENCES devices (account_id, device_id)
);
CREATE INDEX stolen_reports_since ON stolen_reports (since); -- what is too old goes
