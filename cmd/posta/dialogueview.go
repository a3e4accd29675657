package main

import (
	"bytes"
	"fmt"
	"strings"

	"posta/event"
	"posta/mail"
	"posta/words"
)

// shownBody is how many lines of one message the screen shows.
const shownBody = 40

// dialogueView shows a conversation while it goes on: what either side says,
// line by line, secrets masked.
type dialogueView struct {
	app  *app
	rest [2][]byte // no whole line yet, by event.Dir
	body int       // lines of the message under way
}

// Wants implements event.Sink.
func (*dialogueView) Wants(_ uint64, l event.Layer, _ event.Part) bool { return l == event.Text }

// Emit implements event.Sink.
func (v *dialogueView) Emit(e *event.Event) {
	switch {
	case e.Kind == event.Secure:
		if fact, ok := e.Fact.(event.Secured); ok {
			v.print("   " + v.app.say("talk.secured", words.Args{"Version": fact.Version, "Cipher": fact.Cipher}))
		}
	case e.Kind == event.Data && e.Layer == event.Text:
		v.octets(e)
	}
}

func (v *dialogueView) octets(e *event.Event) {
	rest := append(v.rest[e.Dir&1], event.AppendMasked(nil, e.Data, e.Mask)...)
	mark := [2]string{"C: ", "S: "}[e.Dir&1]
	if e.Part == event.Body {
		mark = mark[:1] + "| "
	}
	for {
		line, behind, ok := bytes.Cut(rest, []byte("\n"))
		if !ok {
			break
		}
		rest = behind
		v.line(mark, strings.TrimSuffix(string(line), "\r"), e.Part == event.Body)
	}
	const most = 64 << 10
	if len(rest) > most {
		rest = rest[:0]
	}
	v.rest[e.Dir&1] = bytes.Clone(rest)
}

func (v *dialogueView) line(mark, text string, body bool) {
	if !body {
		if v.body > shownBody {
			v.print("   " + v.app.say("dial.more_lines", words.Args{"Count": v.body - shownBody}))
		}
		v.body = 0
	} else if v.body++; v.body > shownBody {
		return
	}
	v.print(strings.TrimRight(mark+mail.Shown(text), " "))
}

// print writes a line; where it cannot, the command's own result says so.
func (v *dialogueView) print(line string) { _, _ = fmt.Fprintln(v.app.Out, line) }
