-- +goose Up

-- What operators did and what happened to the service itself: each row's hash covers
-- the row and the hash before it, and a signing key signs it. Rows are only added at
-- the end and, when they are old, removed at the beginning. Like the operators' log
-- before it (which is read on until its entries are old), it names accounts by id.
CREATE TABLE audit (
    seq        BIGINT NOT NULL PRIMARY KEY, -- 1, 2, 3 and so on; only a restored backup leaves a gap
    entry_id   TEXT   NOT NULL,             -- UUIDv7
    outcome_of TEXT   NOT NULL,             -- the entry whose outcome this is; ''
    at         BIGINT NOT NULL,             -- milliseconds since 1970, as all times
    node       TEXT   NOT NULL,             -- the server's process; '' with the data folder
    actor      TEXT   NOT NULL,             -- an operator; '(server)'; '' with the data folder
    act        TEXT   NOT NULL,
    about      TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    outcome    TEXT   NOT NULL,
    prev       TEXT   NOT NULL,             -- the hash before; '' at the first
    hash       TEXT   NOT NULL,             -- SHA-256, base64url
    seal       TEXT   NOT NULL              -- compact JWS over seq and hash; '' before there were keys
);
CREATE INDEX audit_entry ON audit (entry_id);
CREATE INDEX audit_outcome ON audit (outcome_of);
CREATE INDEX audit_at ON audit (at);

-- The newest row, which writers take in turn.
CREATE TABLE audit_head (
    id   BIGINT NOT NULL PRIMARY KEY,       -- 1
    seq  BIGINT NOT NULL,                   -- 0: nothing was written yet
    hash TEXT   NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');
