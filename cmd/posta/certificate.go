package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"posta/admin"
	"posta/words"
)

// soon is how long before a certificate's end its renewal should have been.
const soon = 14 * 24 * time.Hour

// ending says that a certificate has ended, or will before long; else "".
func (a *app) ending(c admin.Certificate) string {
	args := words.Args{"File": c.File, "Ends": c.Ends.Local().Format(time.DateOnly)}
	switch left := time.Until(c.Ends); {
	case left <= 0:
		return a.say("config.cert_ended", args)
	case left < soon:
		return a.say("config.cert_ends", args)
	}
	return ""
}

// certificates lists those out of files; nothing where there are none.
func (a *app) certificates(w io.Writer, all []admin.Certificate) error {
	if len(all) == 0 {
		return nil
	}
	_, _ = fmt.Fprintln(w)
	for _, c := range all {
		if _, err := fmt.Fprintln(w, "  "+a.say("config.certificate", words.Args{"File": c.File,
			"Names": strings.Join(c.Names, ", "), "Ends": c.Ends.Local().Format(time.DateOnly)})); err != nil {
			return err
		}
	}
	return nil
}
