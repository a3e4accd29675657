-- +goose Up

-- When it was said, to another message; 0: when it began. What the hosts said
-- that were asked before, as JSON; '' for none.
ALTER TABLE attempt ADD COLUMN as_of INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN before TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE attempt DROP COLUMN before;
ALTER TABLE attempt DROP COLUMN as_of;
