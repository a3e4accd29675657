package server

import (
	"crypto/x509"

	"posta/admin"
	"posta/cert"
	"posta/config"
)

// Certificates reads those that a configuration names, as Listen does; none
// where posta would make its own. host says that one of them is for the
// configured host name, or that there is none.
func Certificates(cfg *config.Config) (all []admin.Certificate, host bool, err error) {
	if len(cfg.Certificates) == 0 {
		return nil, true, nil
	}
	source, err := cert.New(cert.Options{Pairs: pairs(cfg.Certificates)})
	if err != nil {
		return nil, false, err
	}
	for _, leaf := range source.Leaves() {
		host = host || isFor(leaf, cfg.Hostname)
	}
	return shown(cfg, source), host, nil
}

// shown describes the certificates in use, unless posta made them.
func shown(cfg *config.Config, source *cert.Source) []admin.Certificate {
	if source == nil || source.SelfSigned() {
		return nil
	}
	var out []admin.Certificate
	for i, leaf := range source.Leaves() {
		c := admin.Certificate{File: cfg.Certificates[i].Cert, Names: leaf.DNSNames, Ends: leaf.NotAfter.UTC()}
		for _, ip := range leaf.IPAddresses {
			c.Names = append(c.Names, ip.String())
		}
		out = append(out, c)
	}
	return out
}

func isFor(leaf *x509.Certificate, configured string) bool {
	name, err := aLabels(configured)
	return configured == "" || err == nil && leaf.VerifyHostname(name) == nil
}
