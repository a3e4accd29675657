// Package sign puts domains' names under what leaves: DKIM (RFC 6376), with
// RSA and Ed25519 (RFC 8463), keys that posta makes and rotates, and the
// records that a domain publishes so that its mail is believed.
//
// It asks nobody whether a message may be signed, and verifies nothing. Its
// rows are in a Store that it declares itself and store/sqldb implements.
//
// Start reading at Signer.
package sign
