package words

import (
	"strconv"
	"strings"
	"time"
)

// Span says how long something lasts in marks that all languages have: "1 min",
// "1 h 30 min", "400 ms". Below a millisecond it is as package time writes it.
func Span(d time.Duration) string {
	if d <= 0 || d%time.Millisecond != 0 {
		return d.String()
	}
	var all []string
	for _, unit := range []struct {
		size time.Duration
		mark string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if n := d / unit.size; n > 0 {
			all = append(all, strconv.FormatInt(int64(n), 10)+" "+unit.mark)
		}
		d %= unit.size
	}
	return strings.Join(all, " ")
}
