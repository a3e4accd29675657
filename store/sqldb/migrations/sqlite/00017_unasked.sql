-- +goose Up

-- How many of the attempts asked nobody: another message had the answer.
ALTER TABLE recipient ADD COLUMN unasked INTEGER NOT NULL DEFAULT 0;
UPDATE recipient SET unasked = (SELECT count(*) FROM attempt WHERE recipient_id = recipient.id AND as_of <> 0) WHERE attempts > 0;

-- +goose Down
ALTER TABLE recipient DROP COLUMN unasked;
