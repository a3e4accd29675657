package collect

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"

	"posta/mail"
	"posta/pop3"
	"posta/pop3/pop3client"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/wire"
	"posta/words"
)

// The stages that a failure is said to be of. What is not of one of them is the
// whole of it.
type (
	unconnected struct{ error }
	unsecured   struct{ error }
)

// turnedAway is that not all was taken of what came on a turned connection, and
// what was said of the first that was not.
type turnedAway string

// unreleased is that a provider released only some of what ETRN asked for, and what
// was said of the first that it did not.
type unreleased string

// Error implements error.
func (u unreleased) Error() string { return refusedThere + string(u) }

// Error implements error.
func (t turnedAway) Error() string { return refusedHere + string(t) }

// brokenOff is why a turned connection ended that the provider did not end with
// QUIT, as smtpserver says it.
type brokenOff string

// Error implements error.
func (b brokenOff) Error() string { return "the session ended: " + string(b) }

// said is the same as of any other connection.
func (b brokenOff) said() string {
	switch end := string(b); {
	case end == "peer closed", end == "connection lost":
		return gone
	case strings.HasPrefix(end, "timeout"):
		return silent
	case end == shutdown:
		return leaving
	case strings.HasPrefix(end, "tls: "):
		return "no TLS: " + mail.Shown(strings.TrimPrefix(end, "tls: "))
	case strings.HasPrefix(end, "refused: "):
		return "broken off here: " + mail.Shown(strings.TrimPrefix(end, "refused: "))
	}
	return mail.Shown(string(b))
}

// Reasons that several failures have.
const (
	// shutdown is how smtpserver ends a session that was interrupted, for whatever reason.
	shutdown = "shutdown"
	silent   = "no answer in time"
	leaving  = "posta is shutting down"
	gone     = "the other side closed the connection"
	// refusedHere begins the failure that is that not all was taken here.
	refusedHere = "what came was refused here: "
	// refusedThere begins the failure that is that not all was released there.
	refusedThere = "not released there: "
)

func (u unconnected) Unwrap() error { return u.error }
func (u unsecured) Unwrap() error   { return u.error }

// failure says what went wrong in the peer's own words, or in ours; these are
// few, so that they can be said in other languages.
func failure(err error) string {
	var refusal *smtpclient.Refusal
	var no *pop3client.Refusal
	var way unconnected
	var tls unsecured
	var turned turnedAway
	var some unreleased
	var ended brokenOff
	var nobody *words.Error
	switch {
	case errors.As(err, &turned):
		return turned.Error()
	case errors.As(err, &some):
		return some.Error()
	case errors.As(err, &ended):
		return ended.said()
	case errors.As(err, &refusal) && refusal.Verb == smtp.AUTH && !refusal.Temporary():
		return loginRefused + mail.Shown(refusal.Reply.FirstLine())
	case errors.As(err, &refusal):
		return mail.Shown(refusal.Reply.FirstLine())
	case errors.As(err, &no) && !no.Temporary() && (no.Verb == pop3.USER || no.Verb == pop3.PASS || no.Verb == pop3.APOP || no.Verb == pop3.AUTH):
		return loginRefused + denial(no)
	case errors.As(err, &no):
		return answer(no)
	case errors.As(err, &way) && errors.As(err, &nobody): // there was nobody to connect to
		return nobody.Error()
	case errors.As(err, &way):
		return "no connection: " + reason(way.error)
	case certificate(err) != "":
		return "the certificate is no proof: " + certificate(err)
	case (errors.As(err, &tls) || errors.Is(err, smtpclient.ErrTLS)) && !errors.Is(err, smtpclient.ErrStrange):
		return "no TLS: " + wire.NoTLS(err).Error()
	}
	return reason(err)
}

// answer is what a POP3 server said, and to what: of which command a word like
// "read-only" is, nobody sees.
func answer(no *pop3client.Refusal) string {
	if no.Verb == pop3.NoVerb {
		return denial(no)
	}
	return no.Verb.String() + ": " + denial(no)
}

// denial is what a POP3 server said, which may be a word that alone says nothing.
func denial(no *pop3client.Refusal) string {
	if no.Text == "" {
		return "-ERR"
	}
	return `-ERR "` + mail.Shown(no.Text) + `"`
}

// certificate says why a certificate was not believed; "" where that is not it.
func certificate(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "nobody known has signed it"
	case errors.As(err, &name):
		return "it is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "it has expired, or is not valid yet"
	case errors.As(err, &invalid):
		return "it is not valid"
	}
	return ""
}

// isErrno looks for the number of an error, which is another one on Windows.
func isErrno(err error, unix, windows syscall.Errno) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && (errno == unix || runtime.GOOS == "windows" && errno == windows)
}

// errUngreeted is that a server says nothing, as one does that waits for TLS.
var errUngreeted = errors.New("no greeting came; perhaps that port begins with TLS: tls implicit")

// unanswered says that the other side said nothing, or went.
func unanswered(err error) bool {
	var timeout net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, wire.ErrIdle) || errors.As(err, &timeout) && timeout.Timeout()
}

// reason says why in words that name no addresses a second time.
func reason(err error) string {
	var timeout net.Error
	var nonsense *pop3.Fault
	switch {
	case isErrno(err, syscall.ECONNREFUSED, 10061):
		return "connection refused"
	case isErrno(err, syscall.ENETUNREACH, 10051), isErrno(err, syscall.EHOSTUNREACH, 10065):
		return "the host cannot be reached"
	case errors.Is(err, wire.ErrIdle), errors.Is(err, wire.ErrSessionTime), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return silent
	case errors.Is(err, wire.ErrShutdown), errors.Is(err, context.Canceled):
		return leaving
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isErrno(err, syscall.ECONNRESET, 10054), isErrno(err, syscall.EPIPE, 10053):
		return gone
	case errors.Is(err, smtpclient.ErrNoMechanism), errors.Is(err, pop3client.ErrNoMechanism):
		return "the server offers no way to log in that posta has"
	case errors.Is(err, pop3client.ErrSMTP):
		return "the server answers as an SMTP server"
	case errors.Is(err, smtpclient.ErrPOP3):
		return "the server answers as a POP3 server"
	case errors.Is(err, smtpclient.ErrStrange), errors.As(err, &nonsense):
		return "what the other side answered makes no sense"
	}
	if why := wire.Reason(err); why != nil {
		return why.Error()
	}
	return mail.Shown(err.Error())
}
