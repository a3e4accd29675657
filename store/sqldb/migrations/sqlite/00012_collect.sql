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

-- Of an on-demand domain: any name is taken. Until now that held where nobody had
-- said who there is.
ALTER TABLE domain ADD COLUMN any_recipient INTEGER NOT NULL DEFAULT 0;
UPDATE domain SET any_recipient = 1 WHERE kind = 'on-demand'
    AND NOT EXISTS (SELECT 1 FROM relay_recipient r WHERE r.domain = domain.name);

-- +goose Down
ALTER TABLE domain DROP COLUMN any_recipient;
DROP TABLE collected_stay;
ALTER TABLE collected DROP COLUMN ca;
ALTER TABLE route DROP COLUMN ca;
