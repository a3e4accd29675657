package mail

import (
	"strconv"
	"strings"
)

// Status is an enhanced status code, class.subject.detail (RFC 3463 §2).
// The zero Status means that none is known.
type Status struct {
	Class   uint8 // 2 success, 4 persistent transient failure, 5 permanent failure
	Subject uint16
	Detail  uint16
}

// ParseStatus reads "5.1.1". It refuses other classes than 2, 4 and 5, leading
// zeros and numbers of more than three digits (RFC 3463 §2).
func ParseStatus(s string) (Status, error) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return Status{}, malformed("mail.status", `status "{{.Status}}" is not class.subject.detail`, map[string]any{"Status": s})
	}
	var n [3]uint16
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 16)
		if err != nil || v > 999 || strconv.FormatUint(v, 10) != p {
			return Status{}, malformed("mail.status_number", `status "{{.Status}}" has a bad number "{{.Number}}"`, map[string]any{"Status": s, "Number": p})
		}
		n[i] = uint16(v)
	}
	if n[0] != 2 && n[0] != 4 && n[0] != 5 {
		return Status{}, malformed("mail.status_class", `status "{{.Status}}" has class {{.Class}}; it must be 2, 4 or 5`, map[string]any{"Status": s, "Class": n[0]})
	}
	return Status{uint8(n[0]), n[1], n[2]}, nil
}

// String prints the code as it stands in replies, "" for the zero Status.
func (s Status) String() string {
	if s == (Status{}) {
		return ""
	}
	b := make([]byte, 0, 11)
	b = strconv.AppendUint(b, uint64(s.Class), 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, uint64(s.Subject), 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, uint64(s.Detail), 10)
	return string(b)
}
