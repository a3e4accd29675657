// Package smuggle holds the attempts to hide one message inside of another:
// line ends that some servers take for CRLF and others do not, chunks of the
// wrong length, octets behind STARTTLS and STLS, and web pages that make a
// browser speak to a mail port. Each is cut at every octet, in strict and in
// lab mode, and played against the real engines over the real store.
//
// It knows nothing of real clients; test/peers has those. Start reading at
// TestData.
package smuggle
