-- +goose Up

-- Of the last time: messages that were in the mailbox here already.
ALTER TABLE collected ADD COLUMN again INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE collected DROP COLUMN again;
