-- +goose Up

-- When somebody asked for a try by hand, which is still to be made; 0: nobody.
-- When it would be tried next had nobody; 0: when it is due. How many attempts
-- were made for that alone.
ALTER TABLE recipient ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipient ADD COLUMN planned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipient ADD COLUMN extra INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE recipient DROP COLUMN extra;
ALTER TABLE recipient DROP COLUMN planned;
ALTER TABLE recipient DROP COLUMN asked;
