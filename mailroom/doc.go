// Package mailroom is behind the Door: it takes a message in, resolves its
// recipients, mends the little that may be mended, writes the trace lines that
// stand before it, makes the reports that were asked for, and has everything
// stored in one transaction. Mailing lists too long for that are expanded
// afterwards by Run.
//
// It knows no SMTP beyond reply codes and no SQL. It never reads a message
// whole into memory: the body goes to the store as it comes, and only the
// header, which has a limit, is held for a moment. It refuses a message for
// its header's size and its hops, never for its MIME parts.
//
// Start reading at Room in room.go; letter.go has one message's way.
package mailroom
