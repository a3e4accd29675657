-- +goose Up

-- What the sender asked of reports on the members of a list without an owner, beside
-- the NOTIFY in flags.
ALTER TABLE expansion ADD COLUMN orcpt TEXT NOT NULL DEFAULT '';
ALTER TABLE expansion ADD COLUMN envid TEXT NOT NULL DEFAULT '';
ALTER TABLE expansion ADD COLUMN ret INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE expansion DROP COLUMN ret;
ALTER TABLE expansion DROP COLUMN envid;
ALTER TABLE expansion DROP COLUMN orcpt;
