package text

import (
	"strconv"
	"strings"
)

// Telnet commands (RFC 854).
const (
	telSE   = 240
	telEC   = 247 // erase character
	telEL   = 248 // erase line
	telSB   = 250
	telWILL = 251
	telWONT = 252
	telDO   = 253
	telDONT = 254
	iac     = 255

	longestSub  = 1024 // octets of a subnegotiation; what comes then is text
	mostAnswers = 64   // in a connection: a peer that asks more plays a game
)

// IsNegotiation says that octets begin as a telnet negotiation does; one octet
// is enough if there is no more.
func IsNegotiation(b []byte) bool {
	if len(b) == 0 || b[0] != iac {
		return false
	}
	return len(b) == 1 || b[1] >= telSB && b[1] <= telDONT
}

// OnlyNegotiation says that octets are telnet commands and nothing else; the
// last may be unfinished.
func OnlyNegotiation(b []byte) bool {
	var v telnet
	for _, c := range b {
		if v.state == nvtData && c != iac || v.octet(c) == nvtLiteral {
			return false
		}
	}
	return len(b) > 0
}

// NegotiationLen is how many octets at the front are whole telnet commands.
func NegotiationLen(b []byte) int { return eachCommand(b, func([]byte) {}) }

// EachNegotiation calls f with each whole telnet command at the front of b, and
// says how many octets they are. An octet 255 before what is no command ends them.
func EachNegotiation(b []byte, f func(command []byte)) (n int) {
	for n+1 < len(b) && b[n] == iac && b[n+1] >= telSE {
		var v telnet
		end := n
		for more := true; more; end++ {
			if end == len(b) || v.octet(b[end]) == nvtLiteral {
				return n
			}
			more = v.state != nvtData
		}
		f(b[n:end])
		n = end
	}
	return n
}

// NegotiationText reads telnet commands aloud, "WILL NAWS, DO ECHO"; a long
// list is cut short.
func NegotiationText(b []byte) string {
	const most = 24
	var said []string
	eachCommand(b, func(command []byte) {
		switch name := commandName(command[1]); {
		case len(said) > most:
		case len(said) == most:
			said = append(said, "…")
		case len(command) > 2:
			said = append(said, name+" "+optionName(command[2]))
		default:
			said = append(said, name)
		}
	})
	return strings.Join(said, ", ")
}

// eachCommand takes the whole telnet commands at the front of b apart, and
// says how many octets they are.
func eachCommand(b []byte, f func([]byte)) int {
	var v telnet
	n := 0
	for i, c := range b {
		if v.state == nvtData && c != iac || v.octet(c) == nvtLiteral {
			break
		}
		if v.state == nvtData {
			f(b[n : i+1])
			n = i + 1
		}
	}
	return n
}

func commandName(c byte) string {
	names := [...]string{"SE", "NOP", "DM", "BRK", "IP", "AO", "AYT", "EC", "EL", "GA", "SB", "WILL", "WONT", "DO", "DONT", "IAC"}
	if c < telSE {
		return strconv.Itoa(int(c))
	}
	return names[c-telSE]
}

// optionName is the name of an option that clients are known to ask for, its
// number for others.
func optionName(c byte) string {
	switch c {
	case 0:
		return "BINARY" // RFC 856
	case 1:
		return "ECHO" // RFC 857
	case 3:
		return "SUPPRESS-GO-AHEAD" // RFC 858
	case 5:
		return "STATUS" // RFC 859
	case 6:
		return "TIMING-MARK" // RFC 860
	case 24:
		return "TERMINAL-TYPE" // RFC 1091
	case 31:
		return "NAWS" // RFC 1073
	case 32:
		return "TERMINAL-SPEED" // RFC 1079
	case 33:
		return "FLOW-CONTROL" // RFC 1372
	case 34:
		return "LINEMODE" // RFC 1184
	case 36:
		return "ENVIRON" // RFC 1408
	case 39:
		return "NEW-ENVIRON" // RFC 1572
	}
	return strconv.Itoa(int(c))
}

// telnet takes the octets of telnet commands. It refuses every option: a
// server that agreed to echo would make the client send key by key.
type telnet struct {
	state   nvtState
	verb    byte // WILL, WONT, DO or DONT under way
	sub     int  // length of the subnegotiation under way
	asked   int
	answers []byte
}

type nvtState uint8

const (
	nvtData nvtState = iota
	nvtIAC
	nvtOption
	nvtSub
	nvtSubIAC
)

// nvtWhat is what an octet of telnet means to the line.
type nvtWhat uint8

const (
	nvtNothing nvtWhat = iota
	nvtLiteral         // the octet 255
	nvtEraseChar
	nvtEraseLine
)

func (v *telnet) octet(c byte) nvtWhat {
	switch v.state {
	case nvtData:
		v.state = nvtIAC
	case nvtIAC:
		return v.command(c)
	case nvtOption:
		v.state = nvtData
		v.answer(c)
	case nvtSub:
		v.sub++
		switch {
		case v.sub >= longestSub:
			v.state = nvtData
		case c == iac:
			v.state = nvtSubIAC
		}
	case nvtSubIAC:
		v.sub++
		if c != iac {
			return v.command(c)
		}
		v.state = nvtSub
	}
	return nvtNothing
}

func (v *telnet) command(c byte) nvtWhat {
	v.state = nvtData
	switch c {
	case iac:
		return nvtLiteral
	case telSB:
		v.state, v.sub = nvtSub, 0
	case telWILL, telWONT, telDO, telDONT:
		v.state, v.verb = nvtOption, c
	case telEC:
		return nvtEraseChar
	case telEL:
		return nvtEraseLine
	}
	return nvtNothing
}

// answer refuses an option. WONT and DONT are not answered, so that two ends
// cannot keep each other busy (RFC 854).
func (v *telnet) answer(option byte) {
	no := byte(telDONT)
	if v.verb == telDO {
		no = telWONT
	}
	if v.verb == telWONT || v.verb == telDONT || v.asked == mostAnswers {
		return
	}
	v.asked++
	v.answers = append(v.answers, iac, no, option)
}
