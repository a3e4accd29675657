package text

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
