-- +goose Up

-- What accounts sent to recipients elsewhere, by the hour.
CREATE TABLE sent_count (
    account_id INTEGER NOT NULL,
    hour       INTEGER NOT NULL, -- since 1970
    recipients INTEGER NOT NULL,
    PRIMARY KEY (account_id, hour)
) WITHOUT ROWID;

-- Accounts with a limit of their own: recipients a day, -1 for none.
CREATE TABLE sending_limit (
    account_id INTEGER PRIMARY KEY,
    per_day    INTEGER NOT NULL
);

-- +goose Down
DROP TABLE sending_limit;
DROP TABLE sent_count;
