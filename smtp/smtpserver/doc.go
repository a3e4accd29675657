// Package smtpserver answers SMTP: it follows one session from the greeting to
// QUIT and hands messages to a mail.Door. What may be said when stands in one
// table of verbs; each command has a file.
//
// It refuses to know who lives here, what becomes of a message, how octets are
// read and limited (wire), and how the language is written (smtp). It decides
// order, promises and refusals, nothing else.
//
// Start reading at Server.Session; the table is in verbs.go, the words in
// texts.go.
package smtpserver
