package queue

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"posta/dns"
	"posta/smtp/smtpclient"
	"posta/wire"
	"posta/words"
)

// because is the reason of an error as what a text holds.
func because(err error) words.Args { return words.Args{"Reason": reason(err)} }

// reason says why something failed, in words for people that name no addresses
// a second time. What nobody here knows stays in its own words.
func reason(err error) error {
	var timeout net.Error
	switch {
	case isErrno(err, syscall.ECONNREFUSED, 10061):
		return words.Fail("attempt.refused", nil)
	case isErrno(err, syscall.ECONNRESET, 10054), isErrno(err, syscall.ECONNABORTED, 10053), isErrno(err, syscall.EPIPE, 10058):
		return words.Fail("attempt.reset", nil)
	case isErrno(err, syscall.ENETUNREACH, 10051):
		return words.Fail("attempt.no_network", nil)
	case isErrno(err, syscall.EHOSTUNREACH, 10065):
		return words.Fail("attempt.no_host", nil)
	case isErrno(err, syscall.EADDRNOTAVAIL, 10049):
		return words.Fail("attempt.no_source", nil)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return words.Fail("attempt.closed", nil)
	case errors.Is(err, wire.ErrIdle), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return words.Fail("attempt.timeout", nil)
	case errors.Is(err, wire.ErrShutdown), errors.Is(err, context.Canceled):
		return words.Fail("attempt.shutdown", nil)
	case errors.Is(err, smtpclient.ErrStrange):
		return words.Fail("attempt.strange", nil)
	case errors.Is(err, smtpclient.ErrOver):
		return words.Fail("attempt.over", nil)
	}
	var unknown *dns.Error
	if errors.As(err, &unknown) {
		return unanswered(unknown)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return errors.New(clean(err.Error()))
}

// isOurs says that a reason is one of posta's texts.
func isOurs(why error) bool {
	_, known := why.(*words.Error)
	return known
}

// isErrno looks for what the system said; Windows has a number of its own for it.
func isErrno(err error, unix syscall.Errno, windows uintptr) bool {
	var no syscall.Errno
	return errors.As(err, &no) && (no == unix || uintptr(no) == windows)
}

// unanswered says why the name servers had no answer.
func unanswered(e *dns.Error) error {
	switch {
	case e.Code != "":
		return words.Fail("attempt.dns_code", words.Args{"Server": e.Server, "Code": e.Code})
	case e.Server != "":
		return words.Fail("attempt.dns_silent", words.Args{"Server": e.Server})
	case errors.Is(e, dns.ErrTemporary):
		return words.Fail("attempt.dns_circle", nil)
	}
	return words.Fail("attempt.dns_none", nil)
}

// handshake says why TLS did not come about.
func handshake(err error) error {
	var record tls.RecordHeaderError
	var op *net.OpError
	text := err.Error()
	switch {
	case errors.As(err, &record):
		return words.Fail("attempt.tls_none", nil)
	case errors.As(err, &op) && op.Op == "remote error": // an alert (RFC 8446 §6)
		return words.Fail("attempt.tls_alert", words.Args{"Alert": strings.TrimPrefix(op.Err.Error(), "tls: ")})
	case strings.Contains(text, "protocol version"):
		return words.Fail("attempt.tls_version", nil)
	case strings.Contains(text, "cipher suite"):
		return words.Fail("attempt.tls_cipher", nil)
	}
	if why := reason(err); isOurs(why) {
		return why
	}
	if i := strings.LastIndex(text, "tls: "); i >= 0 {
		text = text[i+len("tls: "):]
	}
	return words.Fail("attempt.tls_failed", words.Args{"Error": text})
}

var errNoCertificate = errors.New("queue: the host showed no certificate")

// Doubt says in plain words what is wrong with a certificate: err is of its
// verification at that time.
func Doubt(err error, now time.Time) error {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, errNoCertificate):
		return words.Fail("attempt.cert_none", nil)
	case errors.As(err, &name):
		return otherName(&name)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil && now.Before(invalid.Cert.NotBefore):
		return words.Fail("attempt.cert_early", words.Args{"Date": invalid.Cert.NotBefore.UTC().Format(time.DateOnly)})
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		return words.Fail("attempt.cert_expired", words.Args{"Date": invalid.Cert.NotAfter.UTC().Format(time.DateOnly)})
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return words.Fail("attempt.cert_usage", nil)
	case errors.As(err, &authority) && authority.Cert != nil && string(authority.Cert.RawIssuer) == string(authority.Cert.RawSubject):
		return words.Fail("attempt.cert_self", nil)
	case errors.As(err, &authority) && authority.Cert != nil:
		return words.Fail("attempt.cert_authority", words.Args{"Issuer": clean(authority.Cert.Issuer.String())})
	}
	return words.Fail("attempt.cert_chain", words.Args{"Error": clean(strings.TrimPrefix(err.Error(), "x509: "))})
}

// mostNames is how many names of a certificate are told.
const mostNames = 3

// otherName says whose certificate it is instead.
func otherName(e *x509.HostnameError) error {
	names := slices.Clone(e.Certificate.DNSNames)
	for _, a := range e.Certificate.IPAddresses {
		names = append(names, a.String())
	}
	if len(names) == 0 {
		return words.Fail("attempt.cert_nameless", words.Args{"Host": e.Host})
	}
	text := strings.Join(names[:min(len(names), mostNames)], ", ")
	if len(names) > mostNames {
		text += " …"
	}
	return words.Fail("attempt.cert_name", words.Args{"Host": e.Host, "Names": clean(text)})
}
