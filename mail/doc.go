// Package mail holds the nouns that every room speaks of: addresses, the
// envelope, where a message came from, what became of it, and the Door through
// which every message enters the house.
//
// It does no I/O, knows no protocol's syntax beyond the Mailbox of RFC 5321
// §4.1.2, and imports no other room. Start reading at door.go.
package mail
