-- +goose Up

-- Certificates that are believed beside those of the system, as PEM.
ALTER TABLE route ADD COLUMN ca TEXT NOT NULL DEFAULT '';
ALTER TABLE collected ADD COLUMN ca TEXT NOT NULL DEFAULT '';

-- Messages that could not be filed the last time and lie elsewhere still.
CREATE TABLE collected_stay (
    collected_id INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    uidl     TEXT    NOT NULL,
    octets   INTEGER NOT NULL,
    author   TEXT    NOT NULL,
    why      TEXT    NOT NULL,
    PRIMARY KEY (collected_id, place)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE collected_stay;
ALTER TABLE collected DROP COLUMN ca;
ALTER TABLE route DROP COLUMN ca;
