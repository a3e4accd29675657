-- +goose Up

-- The provider said the last time that nothing waits there.
ALTER TABLE collected ADD COLUMN nothing_waits INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE collected DROP COLUMN nothing_waits;
