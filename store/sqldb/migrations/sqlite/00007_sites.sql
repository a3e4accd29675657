-- +goose Up

-- Customers' mail servers that come for their mail by ETRN, ATRN or TURN.
CREATE TABLE site (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL UNIQUE,
    networks TEXT    NOT NULL, -- prefixes, with blanks between
    helo     TEXT    NOT NULL, -- domains, with blanks between
    created  INTEGER NOT NULL, -- microseconds since 1970
    seen     INTEGER NOT NULL  -- 0: never
);

-- Secrets can be read back, and so they stand apart.
CREATE TABLE site_secret (
    site_id INTEGER PRIMARY KEY,
    secret  BLOB    NOT NULL
);

CREATE TABLE site_domain (
    site_id INTEGER NOT NULL,
    domain  TEXT    NOT NULL,
    PRIMARY KEY (site_id, domain)
) WITHOUT ROWID;
CREATE INDEX site_domain_domain ON site_domain (domain);

-- What ETRN calls "#name".
CREATE TABLE named_queue (
    name   TEXT NOT NULL,
    domain TEXT NOT NULL,
    PRIMARY KEY (name, domain)
) WITHOUT ROWID;
CREATE INDEX named_queue_domain ON named_queue (domain);

-- +goose Down
DROP TABLE named_queue;
DROP TABLE site_domain;
DROP TABLE site_secret;
DROP TABLE site;
