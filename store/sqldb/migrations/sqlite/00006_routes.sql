-- +goose Up

-- kind: '' local, relay, or on-demand. relay: the next host of a relay domain,
-- or the one that a local domain asks about recipients whom it does not know.
-- max_age: microseconds, 0 the usual one.
ALTER TABLE domain ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE domain ADD COLUMN relay TEXT NOT NULL DEFAULT '';
ALTER TABLE domain ADD COLUMN callout INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE domain ADD COLUMN max_age INTEGER NOT NULL DEFAULT 0;

-- Who is there behind a relay or on-demand domain, as far as we were told.
CREATE TABLE relay_recipient (
    domain    TEXT NOT NULL,
    local_key TEXT NOT NULL,
    PRIMARY KEY (domain, local_key)
) WITHOUT ROWID;

-- What comes for an account goes on to others, and into its mailbox if keep.
CREATE TABLE forward (
    account_id INTEGER PRIMARY KEY,
    keep       INTEGER NOT NULL
);
CREATE TABLE forward_target (
    account_id INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    PRIMARY KEY (account_id, position)
) WITHOUT ROWID;

-- hosts: separated by blanks, in order.
CREATE TABLE route (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    domain    TEXT    NOT NULL UNIQUE,
    hosts     TEXT    NOT NULL,
    tls       TEXT    NOT NULL,
    user_name TEXT    NOT NULL,
    source    TEXT    NOT NULL,
    ipv       TEXT    NOT NULL,
    created   INTEGER NOT NULL
);
CREATE TABLE route_secret (
    route_id INTEGER PRIMARY KEY,
    secret   BLOB NOT NULL
);

-- +goose Down
DROP TABLE route_secret;
DROP TABLE route;
DROP TABLE forward_target;
DROP TABLE forward;
DROP TABLE relay_recipient;
ALTER TABLE domain DROP COLUMN max_age;
ALTER TABLE domain DROP COLUMN site;
ALTER TABLE domain DROP COLUMN callout;
ALTER TABLE domain DROP COLUMN relay;
ALTER TABLE domain DROP COLUMN kind;
