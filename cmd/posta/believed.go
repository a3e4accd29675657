package main

import (
	"crypto/x509"
	"os"

	"posta/words"
)

// believedFile reads certificates that are to be believed; "" is no file.
func believedFile(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", words.FailOf(err, "fail.unreadable", words.Args{"File": name})
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return "", words.Fail("dial.no_certificates", words.Args{"File": name})
	}
	return string(text), nil
}
