-- +goose Up

-- What a link puts back, and whose sign-in it disputes.
ALTER TABLE links ADD COLUMN restores BLOB;                        -- profiles before the change, sealed; NULL: none
ALTER TABLE links ADD COLUMN signed_in BIGINT NOT NULL DEFAULT 0;  -- when whoever made the change signed in; 0: unknown
