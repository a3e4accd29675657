// Package smtpclient asks: it is the client of an SMTP connection, for whoever
// has a message to hand over. It speaks to any server, old ones too, uses of its
// extensions what the message needs, and gives every reply as it was, so that
// its caller can decide what to do next.
//
// It knows no queue, no routes and no people, and it does not dial. Start
// reading at Client, then Send in send.go.
package smtpclient
