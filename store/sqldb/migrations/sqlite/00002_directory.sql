-- +goose Up

CREATE TABLE domain (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL UNIQUE,
    alias_of     TEXT    NOT NULL,
    catch_all    TEXT    NOT NULL,
    plus         INTEGER NOT NULL,
    max_accounts INTEGER NOT NULL,
    max_message  INTEGER NOT NULL,
    max_bytes    INTEGER NOT NULL,
    created      INTEGER NOT NULL
);

-- Ids of accounts, lists and members are never given twice: AUTOINCREMENT.
CREATE TABLE account (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    domain           TEXT    NOT NULL,
    local_key        TEXT    NOT NULL, -- as it is looked up
    local            TEXT    NOT NULL, -- as it was created
    address          TEXT    NOT NULL,
    name             TEXT    NOT NULL,
    quota            INTEGER NOT NULL,
    disabled         INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    created          INTEGER NOT NULL,
    hash             TEXT    NOT NULL,
    scram_salt       BLOB,
    scram_iterations INTEGER NOT NULL,
    scram_stored     BLOB,
    scram_server     BLOB,
    UNIQUE (domain, local_key)
);

CREATE TABLE apop_secret (
    account_id INTEGER PRIMARY KEY,
    secret     BLOB NOT NULL
);

CREATE TABLE alias (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    domain    TEXT NOT NULL,
    local_key TEXT NOT NULL,
    address   TEXT NOT NULL,
    UNIQUE (domain, local_key)
);

CREATE TABLE alias_target (
    alias_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    address  TEXT    NOT NULL,
    PRIMARY KEY (alias_id, position)
) WITHOUT ROWID;

CREATE TABLE mailing_list (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    domain    TEXT    NOT NULL,
    local_key TEXT    NOT NULL,
    address   TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    owner     TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    members   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (domain, local_key)
);

CREATE TABLE list_member (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    list_id INTEGER NOT NULL,
    address TEXT    NOT NULL,
    UNIQUE (list_id, address)
);
CREATE INDEX list_member_order ON list_member (list_id, id);
CREATE INDEX list_member_address ON list_member (address);

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE setting;
DROP TABLE list_member;
DROP TABLE mailing_list;
DROP TABLE alias_target;
DROP TABLE alias;
DROP TABLE apop_secret;
DROP TABLE account;
DROP TABLE domain;
