// Package smtp is the language of SMTP: commands with the place of each part,
// paths, ESMTP parameters, replies, and the one table of verbs and extensions
// from which EHLO, HELP and the parameters that MAIL and RCPT may carry come.
// Server, client and dissector all read with it, so they cannot disagree.
//
// It does no I/O, decides nothing, and knows nobody's mailboxes. Start reading at
// ParseCommand; the tables stand in verb.go, extension.go and param.go. Dialog
// follows what two sides say to each other.
package smtp
