-- +goose Up

-- What titles are or were called, an episode with its series: what was watched
-- and blocked keeps its name when the operator takes it from the catalogue.
CREATE TABLE title_names (
    title_id TEXT   NOT NULL PRIMARY KEY,
    name     TEXT   NOT NULL,
    seen     BIGINT NOT NULL                -- when it was on offer last, to a day; milliseconds since 1970
);
CREATE INDEX title_names_seen ON title_names (seen);
