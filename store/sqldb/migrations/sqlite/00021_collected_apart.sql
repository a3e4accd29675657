-- +goose Up

-- How many messages that had been filed before were deleted there the last time, and
-- how many microseconds the server there wants between two log-ins.
ALTER TABLE collected ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
ALTER TABLE collected ADD COLUMN apart INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE collected DROP COLUMN apart;
ALTER TABLE collected DROP COLUMN erased;
