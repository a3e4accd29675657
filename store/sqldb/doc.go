// Package sqldb keeps mail and the directory in an SQL database. It implements
// store.Mail, store.Maildrops and directory.Store on SQLite, in one file that
// one process has to itself. It knows no protocol and decides nothing about
// people.
//
// All writes go through one goroutine, the writer, which makes everything that
// waits true in one transaction and so pays one fsync for all of it. Reads go
// to a few connections of their own. Statements are written with $1 … $n; what
// only SQLite understands stands in sqlite.go.
//
// Start reading at Open, then at writer.
package sqldb
