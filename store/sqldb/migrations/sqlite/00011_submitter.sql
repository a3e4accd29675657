-- +goose Up

-- The mailbox that is known to have submitted a message that leaves.
ALTER TABLE outgoing ADD COLUMN auth TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE outgoing DROP COLUMN auth;
