-- +goose Up

-- A mailbox of a removed account keeps its row with the account's id negated
-- until its messages have been swept.
CREATE TABLE mailbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id  INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uidnext     INTEGER NOT NULL DEFAULT 1,
    messages    INTEGER NOT NULL DEFAULT 0,
    bytes       INTEGER NOT NULL DEFAULT 0,
    modseq      INTEGER NOT NULL DEFAULT 0, -- grows when messages go
    UNIQUE (account_id, name)
);

-- uidl holds 12 random octets, or nothing where the old server's UIDL stands
-- in given. prefix is the id of the chunk with the lines before the body, plus
-- their length, which is less than 1048576: rows stay small, so that a listing
-- reads, and a removal rebalances, few pages.
CREATE TABLE message (
    mailbox_id INTEGER NOT NULL,
    uid        INTEGER NOT NULL,
    uidl       BLOB,
    size       INTEGER NOT NULL,
    received   INTEGER NOT NULL, -- microseconds since 1970
    blob_id    INTEGER NOT NULL,
    prefix     INTEGER NOT NULL,
    flags      INTEGER NOT NULL,
    queue      TEXT    NOT NULL,
    given      TEXT,
    PRIMARY KEY (mailbox_id, uid)
) WITHOUT ROWID;

CREATE UNIQUE INDEX message_given ON message (mailbox_id, given) WHERE given IS NOT NULL;

-- A blob without references is a draft being received, or an orphan.
CREATE TABLE blob (
    id       INTEGER PRIMARY KEY,
    size     INTEGER NOT NULL,
    refs     INTEGER NOT NULL,
    location TEXT -- NULL: in blob_chunk
);

CREATE INDEX blob_orphan ON blob (id) WHERE refs = 0;

-- id = blob * 1048576 + number of the chunk. A message's prefix is a chunk
-- under a number of its own, from the same sequence as the blobs.
CREATE TABLE blob_chunk (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);

-- What removed messages held: pairs of blob id and prefix as in message, 8
-- octets each, big-endian.
CREATE TABLE trash (
    id    INTEGER PRIMARY KEY,
    pairs BLOB NOT NULL
);

-- Lists that were too long to expand before the 250. Each row is a reference
-- to its blob.
CREATE TABLE expansion (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    list_id  INTEGER NOT NULL,
    after_id INTEGER NOT NULL,
    blob_id  INTEGER NOT NULL,
    prefix   BLOB,
    sender   TEXT    NOT NULL,
    queue    TEXT    NOT NULL,
    flags    INTEGER NOT NULL
);

-- One row: how often this store was opened. It is the high half of every
-- lease's fencing number.
CREATE TABLE instance (
    opened INTEGER NOT NULL
);
INSERT INTO instance (opened) VALUES (0);

-- +goose Down
DROP TABLE instance;
DROP TABLE expansion;
DROP TABLE trash;
DROP TABLE blob_chunk;
DROP TABLE blob;
DROP TABLE message;
DROP TABLE mailbox;
