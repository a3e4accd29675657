package queue

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"posta/dns"
	"posta/smtp/smtpclient"
	"posta/wire"
	"posta/words"
)

// because is the reason of an error as what a text holds.
func because(err error) words.Args { return words.Args{"Reason": reason(err)} }

// brokeBefore says that no message could be sent over a connection: it broke, or nobody
// spoke on it in time.
func brokeBefore(err error) *words.Error {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return words.Fail("attempt.silent", nil)
	}
	return words.Fail("attempt.broke_before", because(err))
}

// reason says why something failed, in words for people that name no addresses
// a second time. What nobody here knows stays in its own words.
func reason(err error) error {
	if why := wire.Reason(err); why != nil {
		return why
	}
	switch {
	case errors.Is(err, smtpclient.ErrPOP3):
		return words.Fail("attempt.pop3", nil)
	case errors.Is(err, smtpclient.ErrStrange):
		return words.Fail("attempt.strange", nil)
	case errors.Is(err, smtpclient.ErrOver):
		return words.Fail("attempt.over", nil)
	}
	var unknown *dns.Error
	if errors.As(err, &unknown) {
		return Unanswered(unknown)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return errors.New(clean(err.Error()))
}

// NoTLS says why there is no TLS: that the handshake failed, or that the first
// answer within it made no sense.
func NoTLS(err error) error {
	if errors.Is(err, smtpclient.ErrStrange) {
		return reason(err)
	}
	return wire.NoTLS(err)
}

// Unanswered says why the name servers had no answer, in words for people.
func Unanswered(e *dns.Error) error {
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
