-- +goose Up

-- Background jobs that one node of several does at a time, and until when it has
-- them. A row that is past its time is anybody's.
CREATE TABLE jobs (
    name    TEXT   NOT NULL PRIMARY KEY,
    node_id TEXT   NOT NULL,
    until   BIGINT NOT NULL                 -- milliseconds since 1970
);
