package collect

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"posta/pop3"
	"posta/pop3/pop3client"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/words"
)

// Whoever collects is told what went wrong without the names of our rooms and
// of Go's.
//
// rfc: 4954-6-3
func TestFailure(t *testing.T) {
	dialed := func(err error) error { return unconnected{&net.OpError{Op: "dial", Net: "tcp", Err: err}} }
	for _, tt := range []struct {
		err  error
		want string
	}{
		{dialed(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "no connection: connection refused"},
		{dialed(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), "no connection: the host cannot be reached"},
		{dialed(os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)), "no connection: this computer has not the address to send from"},
		{unconnected{words.Fail("attempt.host_no_address", words.Args{"Host": "x.example"})}, "The host x.example has no address"},
		{dialed(os.ErrDeadlineExceeded), "no connection: no answer in time"},
		{unsecured{x509.UnknownAuthorityError{}}, "the certificate is no proof: nobody known has signed it"},
		{fmt.Errorf("%w: %w", smtpclient.ErrTLS, x509.HostnameError{}), "the certificate is no proof: it is for another name"},
		{unsecured{x509.CertificateInvalidError{Reason: x509.Expired}}, "the certificate is no proof: it has expired, or is not valid yet"},
		{unsecured{io.EOF}, "no TLS: the other side closed the connection"},
		{unsecured{&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}}, "no TLS: the other side refuses it (handshake failure)"},
		{&smtpclient.Refusal{Verb: smtp.AUTH, Reply: smtp.Reply{Code: 535, Text: "no"}}, "log-in refused: 535 no"},
		{&smtpclient.Refusal{Verb: smtp.AUTH, Reply: smtp.Reply{Code: 454, Text: "later"}}, "454 later"},
		{&smtpclient.Refusal{Verb: smtp.ETRN, Reply: smtp.Reply{Code: 459, Text: "no \x1b"}}, "459 no ?"},
		{&pop3client.Refusal{Verb: pop3.PASS, Text: "who?"}, `log-in refused: -ERR "who?"`},
		{&pop3client.Refusal{Verb: pop3.UIDL, Text: "what?"}, `UIDL: -ERR "what?"`},
		{errNoTLS, "the server offers no TLS, and tls is required"},
	} {
		if got := failure(tt.err); got != tt.want {
			t.Errorf("%v:\ngot  %q\nwant %q", tt.err, got, tt.want)
		}
	}
}
