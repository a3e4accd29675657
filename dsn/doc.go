// Package dsn writes and reads delivery status notifications: multipart/report
// messages (RFC 6522) whose second part tells programs what became of each
// recipient (RFC 3464), in the form for UTF-8 too (RFC 6533).
//
// It decides nothing: who gets a report, and whether, is mailroom's and the
// queue's business (RFC 3461 §5.2). It does no delivery and keeps nothing.
//
// Start reading at Report; write.go makes the message, parse.go reads one.
package dsn
