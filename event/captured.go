package event

// The facts of connections that were read out of captures.

// Captured is the Fact of Open for a connection of a capture. Remote is the
// end that dialed, Local the one that listened.
type Captured struct {
	Endpoints
	Stream uint32 // its number in the capture, from 0, as Wireshark's tcp.stream
	First  Dir    // whose packet was the first that was captured
	Sure   bool   // the handshake shows who dialed; otherwise it is a guess by ports and content
}

// Segment is the Fact of Packet, as a pointer: it is lent for the call, as the
// event is. Places are octets of the event's Data, or of Whole where that is set.
type Segment struct {
	Link      uint16 // LINKTYPE_ value of the frame
	Interface uint16 // number of the network interface in its section of the capture
	Proto     uint8  // IP protocol of the transport; 6 is TCP
	Net       int32  // where the IP header begins in Data; -1: there is none
	Inner     int32  // where the innermost IP header begins, of a packet that a tunnel carries; 0: there is none
	Transport int32  // where the TCP header begins; -1: there is none
	Payload   int32  // where the TCP payload begins; -1: there is none
	Len       int32  // octets of payload on the network; fewer may have been captured
	Seq, Ack  uint32 // counted from the first sequence number of each side, as Wireshark shows them
	Flags     uint16 // of TCP, with the reserved bits
	Off       int64  // the payload's place in its stream; below 0 where it lies before what was captured
	Marks     Marks
	Whole     []byte   // payload of the IP datagram that this packet's fragment completed; lent
	Comments  []string // that the capture has for the packet; lent
}

// Marks is what the joining of a stream made of one of its segments.
type Marks uint16

const (
	Retransmission Marks = 1 << iota // nothing in it was new
	Overlap                          // a part of it was there before
	OutOfOrder                       // octets before it are missing so far
	Lost                             // it shows that octets of the other side were never captured
	KeepAlive                        // it only asks whether the other end is there
	Fragment                         // a fragment of a datagram that is not complete yet
	Truncated                        // not all of it was captured
	Late                             // it came when its connection had been given up
	Quoted                           // an error message of ICMP that quotes a segment of the connection; Seq is as it stands there
	PortsReused                      // it begins a new connection between the ends of an older one
)
