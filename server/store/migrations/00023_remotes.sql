-- +goose Up

-- What controls a TV: its paired remotes as it told last, and what the owner wants
-- of them until the TV says that it is done. wish numbers the wishes of a sign-in;
-- told and done are the highest numbers of the TV's reports and of the wishes that
-- it has dealt with.
CREATE TABLE controls (
    account_id TEXT NOT NULL,
    device_id  TEXT NOT NULL,
    epoch      BIGINT NOT NULL,
    told       BIGINT NOT NULL,
    told_at    BIGINT NOT NULL,
    allowed    BIGINT NOT NULL,
    open_until BIGINT NOT NULL,
    wish       BIGINT NOT NULL,
    done       BIGINT NOT NULL,
    open_wish  BIGINT NOT NULL,
    open_by    BIGINT NOT NULL,
    open_role  TEXT NOT NULL,
    PRIMARY KEY (account_id, device_id)
);

CREATE TABLE remotes (
    account_id TEXT NOT NULL,
    device_id  TEXT NOT NULL,
    remote_id  TEXT NOT NULL,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    paired     BIGINT NOT NULL,
    used       BIGINT NOT NULL,
    wish       BIGINT NOT NULL,
    forget     BIGINT NOT NULL,
    wish_role  TEXT NOT NULL,
    PRIMARY KEY (account_id, device_id, remote_id)
);
