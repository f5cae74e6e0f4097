-- +goose Up

-- What a proof is evidence of, so that others do not push it out: 0 nothing, 1 it
-- confirmed a sign-out, 2 it answers an order. Of those that are here the first of
-- each sign-in and status is held for the one that confirmed.
ALTER TABLE receipts ADD COLUMN evidence BIGINT NOT NULL DEFAULT 0;

UPDATE receipts SET evidence = 1 WHERE status <> 'active' AND NOT EXISTS (
    SELECT 1 FROM receipts AS earlier
    WHERE earlier.account_id = receipts.account_id AND earlier.device_id = receipts.device_id
        AND earlier.epoch = receipts.epoch AND earlier.status = receipts.status
        AND (earlier.received < receipts.received OR earlier.received = receipts.received AND earlier.digest < receipts.digest)
);
