-- +goose Up

-- Slices of what became of messages: records of a second or so, as package
-- trace writes them. The data stand last, so that a row's head is read without
-- them.
CREATE TABLE trace_slice (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind   INTEGER NOT NULL,
    began  INTEGER NOT NULL, -- microseconds since 1970
    ended  INTEGER NOT NULL,
    octets INTEGER NOT NULL,
    data   BLOB    NOT NULL
);
CREATE INDEX trace_slice_ended ON trace_slice (ended);

-- +goose Down
DROP TABLE trace_slice;
