-- +goose Up

-- enforce, log or off: what becomes of a message under an address that is not
-- its sender's.
ALTER TABLE domain ADD COLUMN sender_check TEXT NOT NULL DEFAULT 'enforce';

-- Addresses that an account may send as besides its own.
CREATE TABLE send_grant (
    account_id INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    PRIMARY KEY (account_id, address)
) WITHOUT ROWID;
CREATE INDEX send_grant_address ON send_grant (address);

-- +goose Down
DROP TABLE send_grant;
ALTER TABLE domain DROP COLUMN sender_check;
