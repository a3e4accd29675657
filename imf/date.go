package imf

import (
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// dateLayout is date-time of RFC 5322 §3.3: numeric zone, four-digit year.
const dateLayout = "Mon, 2 Jan 2006 15:04:05 -0700"

// AppendDate appends t as a date-time, in t's own zone.
func AppendDate(dst []byte, t time.Time) []byte { return t.AppendFormat(dst, dateLayout) }

// FormatDate gives t as a date-time.
func FormatDate(t time.Time) string { return t.Format(dateLayout) }

// ParseDate reads a date-time, obsolete forms included (RFC 5322 §4.3).
func ParseDate(s string) (time.Time, error) {
	t, err := mail.ParseDate(numericZone(s))
	if err != nil {
		return time.Time{}, fmt.Errorf("date %.64q: %w", s, err)
	}
	return t, nil
}

// numericZone replaces the names of RFC 5322 §4.3 that net/mail takes for UT.
func numericZone(s string) string {
	s = strings.TrimSpace(s)
	i := strings.LastIndexByte(s, ' ') + 1
	zone := ""
	switch s[i:] {
	case "EDT":
		zone = "-0400"
	case "EST", "CDT":
		zone = "-0500"
	case "CST", "MDT":
		zone = "-0600"
	case "MST", "PDT":
		zone = "-0700"
	case "PST":
		zone = "-0800"
	default:
		return s
	}
	return s[:i] + zone
}
