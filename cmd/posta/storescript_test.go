package main

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
)

// sqlCommand FILE STATEMENT changes a store behind posta's back.
func sqlCommand(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(strings.Join(args[1:], " "))
	ts.Check(err)
	ts.Check(db.Close())
}

// damage FILE writes noise over the fullest leaf of a table in a database, as
// a dying disk does.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	const page, leaf = 4096, 13
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	fullest, cells := 0, uint16(0)
	for at := page; at+page <= len(data); at += page {
		if n := binary.BigEndian.Uint16(data[at+3:]); data[at] == leaf && n > cells {
			fullest, cells = at, n
		}
	}
	if fullest == 0 {
		ts.Fatalf("%s has no leaf", args[0])
	}
	copy(data[fullest:fullest+page], bytes.Repeat([]byte{0xa5, 0x0f}, page/2))
	ts.Check(os.WriteFile(name, data, 0o600))
}
