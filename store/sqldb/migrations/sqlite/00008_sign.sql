-- +goose Up

-- DKIM keys. private is PKCS #8: whoever can read the file can sign as the domain.
CREATE TABLE signing_key (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    domain    TEXT    NOT NULL,
    selector  TEXT    NOT NULL,
    algorithm TEXT    NOT NULL,
    private   BLOB    NOT NULL,
    state     TEXT    NOT NULL, -- next, active, old
    created   INTEGER NOT NULL,
    changed   INTEGER NOT NULL,
    UNIQUE (domain, selector)
);

-- +goose Down
DROP TABLE signing_key;
