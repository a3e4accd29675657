package field

import (
	"encoding/hex"
	"strconv"
	"time"
)

// AppendShown writes a value as tshark's -e does: flags and numbers of
// protocols in hexadecimal, truths as 1 and 0, moments in the zone given.
func (d *Def) AppendShown(dst []byte, v Value, zone *time.Location) []byte {
	switch {
	case d.Type == None:
		return append(dst, '1')
	case d.Type == Bool:
		return strconv.AppendUint(dst, v.num, 10)
	case d.Type == Protocol:
		return append(dst, d.Name...)
	case d.Type == Bytes:
		return hex.AppendEncode(dst, v.oct)
	case d.Type == Time:
		return time.Unix(0, v.Int()).In(zone).AppendFormat(dst, "Jan _2, 2006 15:04:05.000000000 MST")
	}
	if digits := d.hexadecimal(); digits > 0 {
		dst = append(dst, "0x"...)
		for digits--; digits >= 0; digits-- {
			dst = append(dst, "0123456789abcdef"[v.num>>(4*digits)&15])
		}
		return dst
	}
	return d.Type.Append(dst, v)
}

// hexadecimal is how many digits a number is shown with, 0 where it is decimal.
func (d *Def) hexadecimal() int {
	switch d.ID {
	case EthType, VLANEtype, IPDsfield, IPID, IPFlags, IPChecksum, IPv6Tclass, IPv6Flow, TCPFlags, TCPChecksum,
		TLSRecordVersion, TLSHandshakeVersion, TLSHandshakeCiphersuite, TLSHandshakeExtensionsSupportedVersion,
		TLSHandshakeExtensionsSupportedGroup, TLSHandshakeSigHashAlg, TLSHandshakeServerNamedCurve:
		return 2 * d.Type.Width()
	}
	return 0
}
