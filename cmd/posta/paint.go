package main

import "io"

// paint colours text for a terminal. The zero paint leaves it as it is.
type paint struct{ on bool }

// paint is for what is written to w: in colours on a terminal that has them,
// unless NO_COLOR is set (no-color.org).
func (a *app) paint(w io.Writer) paint {
	return paint{a.width(w) > 0 && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb" && coloured(w)}
}

func (p paint) in(code, text string) string {
	if !p.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// The colours, by what they mean. They can be told apart on black and on white.
func (p paint) client(text string) string { return p.in("36", text) }
func (p paint) server(text string) string { return p.in("32", text) }
func (p paint) wrong(text string) string  { return p.in("1;31", text) }
func (p paint) aside(text string) string  { return p.in("2", text) }
func (p paint) strong(text string) string { return p.in("1", text) }
