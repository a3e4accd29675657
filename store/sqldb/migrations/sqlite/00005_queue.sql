-- +goose Up

-- Messages that leave the house. Each row is a reference to its blob, and goes
-- with its last recipient; prefix is as in message. Ids are never given twice.
CREATE TABLE outgoing (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    queue      TEXT    NOT NULL,
    message_id TEXT    NOT NULL,
    reverse    TEXT    NOT NULL, -- the path of MAIL
    sender     TEXT    NOT NULL, -- whose turn it takes
    lab        INTEGER NOT NULL,
    env_id     TEXT    NOT NULL,
    ret        INTEGER NOT NULL,
    body       INTEGER NOT NULL,
    utf8       INTEGER NOT NULL,
    flags      INTEGER NOT NULL,
    received   INTEGER NOT NULL, -- microseconds since 1970
    blob_id    INTEGER NOT NULL,
    prefix     INTEGER NOT NULL,
    size       INTEGER NOT NULL -- of prefix and body
);
CREATE INDEX outgoing_queue ON outgoing (queue);

-- id = outgoing * 100000 + number of the recipient: those of a message lie
-- together. sender is the message's, so that one index serves every lane. turn
-- is due or expires, whichever comes first: then something is to be done.
CREATE TABLE recipient (
    id       INTEGER PRIMARY KEY,
    domain   TEXT    NOT NULL,
    sender   TEXT    NOT NULL,
    address  TEXT    NOT NULL,
    orcpt    TEXT    NOT NULL,
    notify   INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    turn     INTEGER NOT NULL,
    held     INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    warned   INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX recipient_lane ON recipient (domain, sender, held, turn);
CREATE INDEX recipient_held ON recipient (id) WHERE held = 1;

-- The latest attempts for a recipient. number counts all that were made.
CREATE TABLE attempt (
    recipient_id INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    began        INTEGER NOT NULL,
    took         INTEGER NOT NULL, -- microseconds
    host         TEXT    NOT NULL,
    addr         TEXT    NOT NULL,
    tls          TEXT    NOT NULL,
    verb         TEXT    NOT NULL,
    code         INTEGER NOT NULL,
    status       TEXT    NOT NULL,
    reply        TEXT    NOT NULL,
    session      INTEGER NOT NULL,
    PRIMARY KEY (recipient_id, number)
) WITHOUT ROWID;

-- One row for each domain and sender with a recipient that is not held: the
-- turn of the first of them.
CREATE TABLE lane (
    domain TEXT    NOT NULL,
    sender TEXT    NOT NULL,
    turn   INTEGER NOT NULL,
    PRIMARY KEY (domain, sender)
) WITHOUT ROWID;
CREATE INDEX lane_turn ON lane (turn);

-- One row: what is in the queue. kept are recipients that wait to be asked for.
CREATE TABLE depth (
    messages   INTEGER NOT NULL,
    recipients INTEGER NOT NULL,
    held       INTEGER NOT NULL,
    kept       INTEGER NOT NULL,
    octets     INTEGER NOT NULL
);
INSERT INTO depth (messages, recipients, held, kept, octets) VALUES (0, 0, 0, 0, 0);

-- +goose Down
DROP TABLE depth;
DROP TABLE lane;
DROP TABLE attempt;
DROP TABLE recipient;
DROP TABLE outgoing;
