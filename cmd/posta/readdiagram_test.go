package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadDiagram(t *testing.T) {
	status, out, errs := readCapture(t, labCapture, "--diagram", "-", "--lang", "en")
	if status != exitDone || !strings.Contains(out, "SMTP, POP3 · 3 sessions ·") || !strings.Contains(out, "┈ stream 1 POP3: authentication") || errs != "" {
		t.Errorf("%d\n%s%s", status, out, errs)
	}
	status, out, _ = readCapture(t, labCapture, "--diagram", "-", "--filter", "pop", "--lang", "es", "--ascii", "--no-times", "--hide-secrets")
	if status != exitDone || strings.Contains(out, "SMTP") || !strings.Contains(out, "\nPOP3 | 2 sesiones\n") || strings.Contains(out, "┈") {
		t.Errorf("%d\n%s", status, out)
	}
	dir := t.TempDir()
	for name, begins := range map[string]string{"x.svg": "<svg", "x.PNG": "\x89PNG", "x.pdf": "%PDF-", "x.mmd": "---\ntitle", "x.txt": "Message sequence"} {
		file := filepath.Join(dir, name)
		status, out, errs := readCapture(t, labCapture, "--diagram", file, "--stream", "0", "--lang", "en", "--dark", "--json")
		got, err := os.ReadFile(file)
		if status != exitDone || err != nil || !strings.HasPrefix(string(got), begins) || !strings.Contains(out, `"sessions":1`) {
			t.Errorf("%s: %d %v\n%s%s", name, status, err, out, errs)
		}
		if info, err := os.Stat(file); err != nil || info.Size() != int64(len(got)) {
			t.Errorf("%s: %v", name, err)
		}
		if status, _, errs = readCapture(t, labCapture, "--diagram", file); status != exitFailed || !strings.Contains(errs, name) {
			t.Errorf("%s is written over: %d %s", name, status, errs)
		}
	}
}

func TestReadDiagramRefuses(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--diagram", "x.gif"}, exitUsage, ".svg, .png, .pdf"},
		{[]string{"--diagram", "-", "--streams"}, exitUsage, "--diagram"},
		{[]string{"--diagram", "-", "--fields", "ip.src"}, exitUsage, "--fields"},
		{[]string{"--diagram", "-", "--stream", "one"}, exitUsage, "--streams"},
		{[]string{"--diagram", "-", "--stream", "77"}, exitFailed, "no session of mail"},
		{[]string{"--diagram", "-", "--filter", "smtp.req.comand"}, exitUsage, "^~"},
		{[]string{"--diagram", "-", "--decode-as", "25=smtp"}, exitUsage, "--decode-as"},
		{[]string{"--diagram", "/nowhere/x.svg"}, exitFailed, "/nowhere/x.svg"},
	} {
		status, out, errs := readCapture(t, labCapture, append(c.args, "--lang", "en")...)
		if status != c.status || !strings.Contains(errs, c.says) || out != "" {
			t.Errorf("%v: %d\n%s%s", c.args, status, out, errs)
		}
	}
	// Of a damaged capture what could be read is drawn.
	status, out, errs := readCapture(t, labCapture[:1500], "--diagram", "-", "--lang", "en")
	if status != exitFailed || !strings.Contains(out, "EHLO") && !strings.Contains(out, "HELO") || !strings.Contains(errs, "damaged") && !strings.Contains(errs, "cut off") {
		t.Errorf("%d\n%s%s", status, out, errs)
	}
	if status, _, _ := readCapture(t, []byte("no capture"), "--diagram", "-"); status != exitFailed {
		t.Errorf("%d", status)
	}
}
