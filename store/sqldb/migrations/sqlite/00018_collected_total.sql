-- +goose Up

-- How many messages came in all.
ALTER TABLE collected ADD COLUMN total INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE collected DROP COLUMN total;
