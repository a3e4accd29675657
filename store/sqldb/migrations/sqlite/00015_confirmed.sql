-- +goose Up

-- Recipients of domains whose mailboxes are elsewhere that the next host took
-- when it was asked: the latest time, and who was asked.
CREATE TABLE confirmed_recipient (
    domain    TEXT    NOT NULL,
    local_key TEXT    NOT NULL,
    way       TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (domain, local_key)
) WITHOUT ROWID;

CREATE INDEX confirmed_recipient_at ON confirmed_recipient (at);

-- +goose Down
DROP TABLE confirmed_recipient;
