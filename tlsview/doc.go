// Package tlsview looks at TLS from outside: it cuts what two ends send into
// records, reads what stands in the clear of their handshake, and with a key log
// opens the rest, of TLS 1.2's AEAD suites and of TLS 1.3. It checks nothing
// that the ends have to check, and keeps only what is under way.
//
// It does no I/O and knows nothing of mail, packets or fields. Start reading at
// View.
package tlsview
