package tlsview

// ReadServerKey gives what a ServerKeyExchange of TLS 1.2 or before tells of:
// the curve of a suite with elliptic curves, and in TLS 1.2 the algorithm of the
// signature (RFC 5246 §7.4.3, RFC 8422 §5.4). What it does not tell is empty.
func ReadServerKey(message []byte, suite, version uint16) (curve, algorithm Span) {
	c := cursorOf(message)
	switch exchangeOf(suite) {
	case exchangeECDHE:
		if c.number(1) != namedCurve {
			return curve, algorithm
		}
		curve = c.span(2)
		c.vector(1)
	case exchangeDHE:
		for range 3 { // p, g and the server's value
			c.vector(2)
		}
	default:
		return curve, algorithm
	}
	if version == TLS12 {
		algorithm = c.span(2)
	}
	return curve, algorithm
}

// namedCurve is the only type of curves that is in use (RFC 8422 §5.4).
const namedCurve = 3

// exchange is how keys are agreed on, as far as it shows in a ServerKeyExchange
// that is signed.
type exchange uint8

const (
	exchangeOther exchange = iota
	exchangeECDHE
	exchangeDHE
)

// exchangeOf knows the suites with signed ephemeral keys (IANA's registry TLS
// Cipher Suites).
func exchangeOf(suite uint16) exchange {
	switch {
	case suite >= 0xc006 && suite <= 0xc00a, suite >= 0xc010 && suite <= 0xc014, suite == 0xc023, suite == 0xc024, suite == 0xc027,
		suite == 0xc028, suite == 0xc02b, suite == 0xc02c, suite == 0xc02f, suite == 0xc030, suite >= 0xc048 && suite <= 0xc049,
		suite >= 0xc04c && suite <= 0xc04d, suite >= 0xc05c && suite <= 0xc05d, suite >= 0xc060 && suite <= 0xc061, suite >= 0xc072 && suite <= 0xc073,
		suite >= 0xc076 && suite <= 0xc077, suite >= 0xc086 && suite <= 0xc087, suite >= 0xc08a && suite <= 0xc08b,
		suite >= 0xc0ac && suite <= 0xc0af, suite == 0xcca8, suite == 0xcca9:
		return exchangeECDHE
	case suite >= 0x0011 && suite <= 0x0016, suite == 0x0032, suite == 0x0033, suite == 0x0038, suite == 0x0039, suite == 0x0040,
		suite == 0x0044, suite == 0x0045, suite >= 0x0063 && suite <= 0x0067, suite == 0x006a, suite == 0x006b, suite == 0x0087, suite == 0x0088,
		suite == 0x0099, suite == 0x009a, suite == 0x009e, suite == 0x009f, suite == 0x00a2, suite == 0x00a3, suite == 0x00bd,
		suite == 0x00be, suite == 0x00c3, suite == 0x00c4, suite == 0xc09e, suite == 0xc09f, suite == 0xc0a2, suite == 0xc0a3, suite == 0xccaa:
		return exchangeDHE
	}
	return exchangeOther
}
