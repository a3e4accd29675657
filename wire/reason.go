package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"posta/words"
)

// Reason says in a few words for people why a connection did not come about, or
// ended; nil where nobody here knows. The words are of the catalog's section
// "attempt", by which words.Again knows them where they were kept in English.
func Reason(err error) error {
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
	case errors.Is(err, ErrIdle), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return words.Fail("attempt.timeout", nil)
	case errors.Is(err, ErrShutdown), errors.Is(err, context.Canceled):
		return words.Fail("attempt.shutdown", nil)
	}
	return nil
}

// NoTLS says as Reason does why TLS did not come about, at either end. What only
// crypto/tls knows stands in its own words, in brackets.
func NoTLS(err error) error {
	var record tls.RecordHeaderError
	var op *net.OpError
	text := err.Error()
	switch {
	case errors.As(err, &record):
		return words.Fail("attempt.tls_none", nil)
	case errors.As(err, &op) && op.Op == "remote error": // an alert (RFC 8446 §6)
		return words.Fail("attempt.tls_alert", words.Args{"Alert": strings.TrimPrefix(op.Err.Error(), "tls: ")})
	case strings.Contains(text, "protocol version"), strings.Contains(text, "unsupported versions"):
		return words.Fail("attempt.tls_version", nil)
	case strings.Contains(text, "cipher suite"):
		return words.Fail("attempt.tls_cipher", nil)
	}
	if why := Reason(err); why != nil {
		return why
	}
	if i := strings.LastIndex(text, "tls: "); i >= 0 {
		text = text[i+len("tls: "):]
	}
	return words.Fail("attempt.tls_failed", words.Args{"Error": text})
}

// isErrno looks for what the system said; Windows has a number of its own for it.
func isErrno(err error, unix syscall.Errno, windows uintptr) bool {
	var no syscall.Errno
	return errors.As(err, &no) && (no == unix || uintptr(no) == windows)
}
