// Package pop3server answers POP3 out of a maildrop: RFC 1939 with CAPA
// (RFC 2449), STLS (RFC 2595), SASL (RFC 5034), UTF8 (RFC 6856) and the
// response codes of RFC 3206.
//
// It knows the protocol and its states. How mail is kept (store), who people
// are (sasl.Authenticator) and how octets travel (wire) it refuses to know.
// Start reading at Server.Session, then verbs.go: a row there and a method in
// the file of its command is all that a command is.
package pop3server
