// Package capture reads and writes packet captures, and joins TCP segments to
// the streams that their ends saw. What comes out are events: a Packet for
// every packet of the file, in order, and for every TCP connection an Open, its
// Data and Gaps, and a Close.
//
// It knows Ethernet, IP and TCP and nothing above: no TLS, no SMTP. It decides
// nothing about what the octets mean, not even whether they are mail; dissect
// does that. Start reading at Read in read.go, then Joiner in joiner.go.
package capture
