package capture

import "fmt"

// Fault is what is wrong with a capture.
type Fault uint8

const (
	Empty      Fault = iota + 1 // it has no octet
	NoCapture                   // neither pcap nor pcapng
	Version                     // a version of the format that nobody has written yet
	CutOff                      // it ends in the middle
	Length                      // a length that cannot be
	TooLong                     // a length beyond what is read
	Trailer                     // the length behind a block is not the one in front of it
	ByteOrder                   // a section of neither byte order
	Interface                   // a packet of an interface that was not described
	Resolution                  // time stamps finer than can be
	Compressed                  // the compression is damaged
)

func (f Fault) String() string {
	return [...]string{"no fault", "it is empty", "it is neither pcap nor pcapng", "its version is unknown",
		"it ends in the middle", "a length is impossible", "a length is too large",
		"the two lengths of a block differ", "its byte order is unknown", "its interface was not described",
		"its time stamps are too fine", "its compression is damaged"}[f]
}

// Damage says where a capture cannot be read any further. Every packet before
// it has been given.
type Damage struct {
	Fault Fault
	At    int64 // octet, after decompression, at which the damaged block begins; from 0
	Block int   // which block of a pcapng, which packet of a pcap; from 1, 0 is a pcap's header
	Err   error // the decompressor's, if it was that
}

func (d *Damage) Error() string {
	text := fmt.Sprintf("capture: octet %d, block %d: %v", d.At, d.Block, d.Fault)
	if d.Err != nil {
		text += ": " + d.Err.Error()
	}
	return text
}

func (d *Damage) Unwrap() error { return d.Err }
