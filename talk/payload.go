package talk

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// maxBody bounds "*N" and "@file", in octets.
const maxBody = 256 << 20

// A payload is what a line says: a text, the octets of a file, or N generated
// octets.
type payload struct {
	text text
	file string // "@name"
	size int64  // "*N"
}

// parsePayload reads what stands behind "C:".
func parsePayload(s string) (payload, error) {
	if b, ok, err := parseBulk(s); ok || err != nil {
		return b, err
	}
	t, err := parseText(s, false)
	return payload{text: t}, err
}

// parseBulk recognises "@file" and "*N".
func parseBulk(s string) (payload, bool, error) {
	if name, ok := strings.CutPrefix(s, "@"); ok && name != "" {
		if !fs.ValidPath(name) {
			return payload{}, false, fmt.Errorf("%q is no path below the transcript's folder", name)
		}
		return payload{file: name}, true, nil
	}
	digits, ok := strings.CutPrefix(s, "*")
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return payload{}, false, nil
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n == 0 || n > maxBody {
		return payload{}, false, fmt.Errorf("%s is not 1 to %d octets", digits, maxBody)
	}
	return payload{size: n}, true, nil
}

func (b payload) bulk() bool { return b.file != "" || b.size > 0 }

// octets gives the octets of a bulk payload.
func (b payload) octets(files fs.FS) ([]byte, error) {
	if b.size > 0 {
		return Octets(b.size), nil
	}
	if files == nil {
		return nil, nil // only being checked
	}
	data, err := fs.ReadFile(files, b.file)
	if err == nil && len(data) > maxBody {
		err = errors.New("the file is too large")
	}
	return data, err
}

// Octets makes n octets of text, always the same: lines of 78 octets that end
// in CRLF, none of which begins with a dot.
func Octets(n int64) []byte {
	const letters = "The quick brown fox jumps over the lazy dog; 0123456789 and so on till "
	out := make([]byte, 0, n)
	for i := int64(0); int64(len(out)) < n; i++ {
		line := letters + fmt.Sprintf("%05d", i%100000) + "\r\n"
		out = append(out, line...)
	}
	out = out[:n]
	if n >= 2 {
		out[n-2], out[n-1] = '\r', '\n'
	}
	if n >= 3 && (out[n-3] == '\r' || out[n-3] == '\n') {
		out[n-3] = 'x'
	}
	if n >= 4 && out[n-4] == '\r' {
		out[n-4] = 'x'
	}
	return out
}
