// Package collect fetches mail that lies elsewhere: what a provider keeps for
// domains of this house, by ETRN, ATRN or TURN, and what other servers have for
// its people, by POP3. It runs by hand and on a schedule, and files through a
// mail.Door; it knows no mailbox and sends no message, so that it can answer none.
//
// Start reading at Collector; what it collects is an Entry.
package collect
