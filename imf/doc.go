// Package imf reads and writes the Internet Message Format: where a message's
// header ends and what its fields are, as octet ranges (RFC 5322); addresses
// in From; dates; folded fields and encoded words; and the tree of MIME parts
// (RFC 2045, RFC 2046) within limits.
//
// It does no I/O and imports no other room. It never says that a message is
// unacceptable: it tells what stands where, and its limits bound its own work.
//
// Start reading at Scanner in scan.go; tree.go has the MIME parts.
package imf
