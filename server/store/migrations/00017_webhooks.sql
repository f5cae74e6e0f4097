-- +goose Up

-- Addresses that hear of security events.
CREATE TABLE webhooks (
    hook_id        TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    url            TEXT   NOT NULL,
    events         TEXT   NOT NULL,             -- kinds, each with a space before and after it; '': all
    private        BIGINT NOT NULL,             -- 1: its host may have a private address
    secret         BLOB   NOT NULL,             -- sealed, as previous
    previous       BLOB   NOT NULL,             -- signs too until previous_until; empty: none
    previous_until BIGINT NOT NULL DEFAULT 0,   -- milliseconds since 1970, as all times; 0: never
    created        BIGINT NOT NULL,
    created_by     TEXT   NOT NULL,
    disabled       BIGINT NOT NULL DEFAULT 0,   -- it answered that it is gone
    failures       BIGINT NOT NULL DEFAULT 0,   -- in a row, of the address and not of one event
    hold_until     BIGINT NOT NULL DEFAULT 0,   -- it is left alone after those
    delivered      BIGINT NOT NULL DEFAULT 0,
    last_ok        BIGINT NOT NULL DEFAULT 0,
    last_error     TEXT   NOT NULL DEFAULT ''   -- a short code
);

-- Events on their way to an address; delivered ones are removed.
CREATE TABLE webhook_events (
    account_id TEXT   NOT NULL,
    hook_id    TEXT   NOT NULL REFERENCES webhooks (hook_id),
    event_id   TEXT   NOT NULL,                 -- of the timeline's entry: sorts by time
    kind       TEXT   NOT NULL,
    body       TEXT   NOT NULL,                 -- what is sent, the same on every attempt
    created    BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,       -- begun so far
    next_at    BIGINT NOT NULL,                 -- when to try; 0: not any more
    failed_at  BIGINT NOT NULL DEFAULT 0,       -- set aside
    flying     BIGINT NOT NULL DEFAULT 0,       -- 1: an attempt is under way, until next_at at most
    last_error TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, hook_id, event_id)
);
CREATE INDEX webhook_events_next ON webhook_events (hook_id, next_at) WHERE next_at > 0;
CREATE INDEX webhook_events_failed ON webhook_events (failed_at) WHERE failed_at > 0;
