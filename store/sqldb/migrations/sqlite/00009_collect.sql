-- +goose Up

-- What is collected elsewhere, and what became of it the last time.
CREATE TABLE collected (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    way      TEXT    NOT NULL,
    host     TEXT    NOT NULL,
    tls      TEXT    NOT NULL,
    user     TEXT    NOT NULL,
    domains  TEXT    NOT NULL, -- with blanks between
    account  TEXT    NOT NULL,
    keep     INTEGER NOT NULL,
    every    INTEGER NOT NULL, -- microseconds; 0: by hand
    created  INTEGER NOT NULL, -- microseconds since 1970
    next     INTEGER NOT NULL, -- 0: never
    at       INTEGER NOT NULL, -- 0: never yet
    took     INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    unfiled  INTEGER NOT NULL,
    session  INTEGER NOT NULL,
    failure  TEXT    NOT NULL
);

-- Passwords can be read back, and so they stand apart.
CREATE TABLE collected_secret (
    entry_id INTEGER PRIMARY KEY,
    secret   TEXT    NOT NULL
);

-- Unique-ids of messages that were filed and lie elsewhere still.
CREATE TABLE collected_seen (
    entry_id INTEGER NOT NULL,
    uidl     TEXT    NOT NULL,
    PRIMARY KEY (entry_id, uidl)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE collected_seen;
DROP TABLE collected_secret;
DROP TABLE collected;
