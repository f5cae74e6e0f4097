-- +goose Up

-- A row of activity is one viewing from now on: what a profile watched of one
-- title on a device, from its start to the last word of it. Its number is that
-- of its first item.
ALTER TABLE activity ADD COLUMN ended   BIGINT NOT NULL DEFAULT 0;  -- time of the last word, as at
ALTER TABLE activity ADD COLUMN length  BIGINT NOT NULL DEFAULT 0;  -- of the title in seconds; 0: not known
ALTER TABLE activity ADD COLUMN sitting BIGINT NOT NULL DEFAULT 0;  -- seq of the first of several in a row
ALTER TABLE activity ADD COLUMN ip      TEXT   NOT NULL DEFAULT ''; -- where the device was
ALTER TABLE activity ADD COLUMN place   TEXT   NOT NULL DEFAULT ''; -- approximate

-- What was stored item by item becomes viewings.
UPDATE activity SET sitting = seq, ended = (SELECT MAX(b.at) FROM activity b
    WHERE b.account_id = activity.account_id AND b.device_id = activity.device_id AND b.epoch = activity.epoch
    AND b.profile_id = activity.profile_id AND b.title_id = activity.title_id
    AND b.seq >= activity.seq AND b.seq < COALESCE((SELECT MIN(c.seq) FROM activity c
        WHERE c.account_id = activity.account_id AND c.device_id = activity.device_id AND c.epoch = activity.epoch
        AND c.seq > activity.seq AND c.what = 'started'), 9223372036854775807));
DELETE FROM activity WHERE what <> 'started' AND EXISTS (SELECT 1 FROM activity b
    WHERE b.account_id = activity.account_id AND b.device_id = activity.device_id AND b.epoch = activity.epoch
    AND b.profile_id = activity.profile_id AND b.title_id = activity.title_id AND b.seq < activity.seq AND b.what = 'started');

CREATE INDEX activity_at ON activity (account_id, at);
CREATE INDEX activity_sitting ON activity (account_id, device_id, epoch, sitting);
CREATE INDEX activity_located ON activity (received) WHERE ip <> '' OR place <> '';

-- Up to which item of which sign-in a device's activity is dealt with: an item
-- that comes again changes nothing.
ALTER TABLE devices ADD COLUMN told_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN told_seq   BIGINT NOT NULL DEFAULT 0;

-- Titles on a profile's own list, and those taken off it: a word that comes late
-- from another device must not bring one back.
CREATE TABLE own_list (
    account_id TEXT   NOT NULL,
    profile_id TEXT   NOT NULL,
    title_id   TEXT   NOT NULL,
    listed     BIGINT NOT NULL,
    at         BIGINT NOT NULL,             -- when it was put on or taken off, as activity's at
    PRIMARY KEY (account_id, profile_id, title_id),
    FOREIGN KEY (account_id, profile_id) REFERENCES profiles (account_id, profile_id) ON DELETE CASCADE
);
CREATE INDEX own_list_at ON own_list (at) WHERE listed = 0;

-- How far a profile is in the titles that it began, seen to the end or not.
CREATE TABLE progress (
    account_id TEXT   NOT NULL,
    profile_id TEXT   NOT NULL,
    title_id   TEXT   NOT NULL,
    position   BIGINT NOT NULL,             -- seconds
    length     BIGINT NOT NULL,             -- seconds; 0: not known
    at         BIGINT NOT NULL,             -- as activity's at
    done       BIGINT NOT NULL,             -- seen to the end
    PRIMARY KEY (account_id, profile_id, title_id),
    FOREIGN KEY (account_id, profile_id) REFERENCES profiles (account_id, profile_id) ON DELETE CASCADE
);
CREATE INDEX progress_at ON progress (at);
