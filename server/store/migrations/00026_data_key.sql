-- +goose Up

-- By which data key the database is sealed: its name, which says nothing about it.
CREATE TABLE data_key (
    id   BIGINT NOT NULL PRIMARY KEY,       -- 1
    mark TEXT   NOT NULL                    -- '': nobody has said yet
);
INSERT INTO data_key (id, mark) VALUES (1, '');
