package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"

	"posta/words"
)

// believedFile reads certificates that are to be believed; "" is no file. What
// else lies there, a private key perhaps, stays there.
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
	var kept []byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			kept = append(kept, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
		}
	}
	return string(kept), nil
}
