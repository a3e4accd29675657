-- +goose Up

-- What an administrator wants of a recipient that was being tried: 4 to be given up
-- with a report, 5 to be taken out; 0: nothing.
ALTER TABLE recipient ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE recipient DROP COLUMN leaving;
