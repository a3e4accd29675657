package main

import (
	"strconv"
	"strings"
	"time"

	"posta/words"
)

// spanUnits takes a span apart into its two largest units, the second where it is
// not zero.
func spanUnits(d time.Duration) (n, units []int) {
	d = max(d, 0)
	all := []int{int(d / (24 * time.Hour)), int(d/time.Hour) % 24, int(d/time.Minute) % 60, int(d/time.Second) % 60}
	for i, one := range all {
		if one == 0 && i < len(all)-1 {
			continue
		}
		n, units = append(n, one), append(units, i)
		if i+1 < len(all) && all[i+1] != 0 && i < 2 {
			n, units = append(n, all[i+1]), append(units, i+1)
		}
		break
	}
	return n, units
}

// lasting says how long something takes or took: "3 hours 10 minutes".
func (a *app) lasting(d time.Duration) string {
	ids := []string{"span.days", "span.hours", "span.minutes", "span.seconds"}
	var all []string
	n, units := spanUnits(d)
	for i, u := range units {
		all = append(all, a.say(ids[u], words.Args{"Count": n[i]}))
	}
	return strings.Join(all, " ")
}

// shortSpan is lasting for a table, in marks that all languages have: "3 h 10 min".
func shortSpan(d time.Duration) string {
	marks := []string{" d", " h", " min", " s"}
	var all []string
	n, units := spanUnits(d)
	for i, u := range units {
		all = append(all, strconv.Itoa(n[i])+marks[u])
	}
	return strings.Join(all, " ")
}
