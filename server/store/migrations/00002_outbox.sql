-- +goose Up

-- Mails and SMS on their way out. A row is written in the transaction that is
-- its reason, and stays for a while after it was sent or set aside.
CREATE TABLE outbox (
    message_id TEXT   NOT NULL PRIMARY KEY, -- UUIDv7; also the mail's Message-ID
    account_id TEXT   NOT NULL,             -- whom it is about; '' for nobody
    channel    TEXT   NOT NULL,             -- mail, sms
    recipient  TEXT   NOT NULL,
    kind       TEXT   NOT NULL,             -- access-code, new-device, ...
    subject    TEXT   NOT NULL,
    text_body  TEXT   NOT NULL,
    html_body  TEXT   NOT NULL,
    created    BIGINT NOT NULL,             -- milliseconds since 1970, as all times; 0: never
    attempts   BIGINT NOT NULL DEFAULT 0,
    next_at    BIGINT NOT NULL,             -- when to try (again); 0: nothing more to do
    give_up_at BIGINT NOT NULL,             -- of no use to anybody after this
    sent_at    BIGINT NOT NULL DEFAULT 0,
    failed_at  BIGINT NOT NULL DEFAULT 0,   -- set aside, not to be tried again
    last_error TEXT   NOT NULL DEFAULT ''   -- a short code, no secrets
);

CREATE INDEX outbox_due ON outbox (next_at) WHERE next_at > 0;
CREATE INDEX outbox_account ON outbox (account_id, created);
CREATE INDEX outbox_created ON outbox (created);
