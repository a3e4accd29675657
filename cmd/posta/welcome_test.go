package main

import (
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"posta/observe"
)

// A double click asks three questions and starts what the answers say.
func TestAskLab(t *testing.T) {
	for name, c := range map[string]struct{ answers, args, asked string }{
		"Enter thrice":    {"\n\n\n", "quickstart lab.test", "[lab.test]"},
		"all said":        {"pepito.es\r\nana, luis;eva\r\n2\r\n", "quickstart pepito.es --account ana --account luis --account eva --lan", "Members"},
		"an accent":       {"\nAna peña ana:Clave\n\n", "quickstart lab.test --account Ana --account pena --account ana:Clave", "peña becomes pena"},
		"whole names":     {"\nAna García, José Luis Peña; Bo\n1\n", "quickstart lab.test --account ana.garcia --account jose.luis --account Bo", "Ana García becomes ana.garcia"},
		"once more":       {"mi grupo\npepito.es\n\nyes\n1\n", "quickstart pepito.es", `"mi grupo" is no domain; write it like pepito.es`},
		"which of two":    {"\n\nyes\n1\n", "quickstart lab.test", `"yes" is no answer to that: 1 or 2`},
		"a bad member":    {"\nana@@x\nana\n1\n", "quickstart lab.test --account ana", "ana@@x"},
		"nobody is there": {"", "", "[lab.test]"},
	} {
		var out strings.Builder
		a := speaking(t, "en")
		a.In, a.Out, a.data = strings.NewReader(c.answers), &out, t.TempDir()
		a.Getenv = func(string) string { return "" }
		args, err := a.askLab(context.Background())
		if (err == nil) != (c.args != "") || strings.Join(args, " ") != c.args || !strings.Contains(out.String(), c.asked) {
			t.Errorf("%s: %q %v\n%s", name, args, err, out.String())
		}
	}
}

// The window stays open after an error, and the lab runs after the answers.
func TestWelcome(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	ctx, cancel := context.WithCancel(context.Background())
	in, type_ := io.Pipe()
	var b strings.Builder
	out := observe.NewWriter(&b, 1<<20, func(uint64) []byte { return nil })
	a := speaking(t, "es")
	a.In, a.Out, a.Err, a.data = in, io.MultiWriter(out, watchFor("Ctrl-C lo termina", cancel)), out, data
	a.Getenv = func(name string) string {
		return map[string]string{"POSTA_SMTP": "0", "POSTA_POP3": "0", "POSTA_SUBMISSION": "off", "POSTA_SUBMISSIONS": "off", "POSTA_POP3S": "off",
			"POSTA_DATA": data}[name]
	}
	go func() { _, _ = io.WriteString(type_, "pepito.es\nana\n1\n") }()
	if status := a.welcome(ctx); status != exitDone {
		t.Errorf("status %d", status)
	}
	if got := recall(data); got.DefaultDomain != "pepito.es" || got.Passwords["ana@pepito.es"] == "" {
		text, _ := json.Marshal(got)
		t.Errorf("it made %s", text)
	}
	// A second program on the same port's data: what is wrong can be read.
	a = speaking(t, "es")
	a.In, a.Out, a.Err, a.data = strings.NewReader("\n\n1\n\n"), out, out, "/dev/null/nothing"
	a.Getenv = func(name string) string { return map[string]string{"POSTA_DATA": "/dev/null/nothing"}[name] }
	if status := a.welcome(context.Background()); status == exitDone {
		t.Error("no error where no folder can be")
	}
	out.Close()
	if !strings.HasSuffix(b.String(), "Intro cierra esta ventana.") {
		t.Errorf("it said %s", b.String())
	}
}

// watcher ends something once a text was written.
type watcher struct {
	text string
	seen strings.Builder
	then func()
}

func watchFor(text string, then func()) *watcher { return &watcher{text: text, then: then} }

func (w *watcher) Write(p []byte) (int, error) {
	w.seen.Write(p)
	if strings.Contains(w.seen.String(), w.text) {
		w.then()
	}
	return len(p), nil
}
