package observe

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"posta/event"
)

// documented is a row of docs/log.md.
type documented struct {
	level  string
	fields []string
	seen   bool
}

// readLogDoc reads the tables of events in docs/log.md.
func readLogDoc(t *testing.T) map[string]*documented {
	t.Helper()
	text, err := os.ReadFile("../docs/log.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]*documented{}
	own := []string(nil) // what stands before an event's own fields
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "## ") {
			own = nil
			if strings.Contains(line, "Events of connections") {
				own = strings.Fields("session protocol client remote listener account")
			}
		}
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !slices.Contains([]string{"debug", "info", "warn", "error"}, strings.TrimSpace(cells[2])) {
			continue
		}
		name := strings.Trim(cells[1], " `")
		if rows[name] != nil {
			t.Errorf("%s stands there twice", name)
		}
		rows[name] = &documented{level: strings.TrimSpace(cells[2]), fields: append(slices.Clone(own), strings.Fields(cells[3])...)}
	}
	if len(rows) < 20 {
		t.Fatalf("only %d events found", len(rows))
	}
	return rows
}

// docs/log.md has every event, with its level and all its fields, and no others.
func TestLogDocument(t *testing.T) {
	rows := readLogDoc(t)
	for _, line := range logged(t, LogOptions{Level: "debug", Format: "json"}, everyFact) {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		name := got["msg"].(string)
		row := rows[name]
		if row == nil {
			t.Errorf("%s is not in docs/log.md", name)
			continue
		}
		row.seen = true
		if row.level != strings.ToLower(got["level"].(string)) {
			t.Errorf("%s has level %v; docs/log.md says %s", name, got["level"], row.level)
		}
		for _, want := range row.fields {
			_, has := got[want]
			if optional := want == "account" || got["session"] == nil; !has && !optional {
				t.Errorf("%s has no %s", name, want)
			}
		}
		for key := range got {
			if !slices.Contains([]string{"time", "level", "msg"}, key) && !slices.Contains(row.fields, key) {
				t.Errorf("%s has %s, of which docs/log.md says nothing", name, key)
			}
		}
	}
	holdCalls(t, rows)
	for name, row := range rows {
		if !row.seen {
			t.Errorf("docs/log.md has %s, which nobody logs", name)
		}
	}
}

// holdCalls finds what is logged that is no event of a connection.
func holdCalls(t *testing.T, rows map[string]*documented) {
	files, err := filepath.Glob("../cmd/posta/*.go")
	own, err2 := filepath.Glob("*.go")
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	for _, file := range append(files, own...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				holdCall(t, file, call, rows)
			}
			return true
		})
	}
}

func holdCall(t *testing.T, file string, call *ast.CallExpr, rows map[string]*documented) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Info", "Warn", "Error"}, method.Sel.Name) || len(call.Args) == 0 {
		return
	}
	name, ok := literal(call.Args[0])
	if from, is := method.X.(*ast.SelectorExpr); !ok && (!is || from.Sel.Name != "log") {
		return // an error's Error, or a Log's own methods
	}
	if !ok {
		t.Errorf("%s logs a message that is not constant", file)
		return
	}
	row := rows[name]
	if row == nil || row.level != strings.ToLower(method.Sel.Name) {
		t.Errorf("%s logs %s at level %s, which docs/log.md does not say", file, name, method.Sel.Name)
		return
	}
	row.seen = true
	if call.Ellipsis.IsValid() {
		return // put together before; door_test and the scripts of cmd/posta see it
	}
	for i := 1; i < len(call.Args); i += 2 {
		if key, ok := literal(call.Args[i]); ok && !slices.Contains(row.fields, key) {
			t.Errorf("%s logs %s with %s, of which docs/log.md says nothing", file, name, key)
		}
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// Whatever strangers type, an event is one line, and says first who they are.
func TestLogCannotBeForged(t *testing.T) {
	evil := []string{
		"x\nlevel=WARN msg=auth.failed session=9 client=198.51.100.1", "x\r\n", `x" client=198.51.100.1 y="`, "x client=198.51.100.1",
		`{"msg":"auth.failed","client":"198.51.100.1"}`, `x","client":"198.51.100.1`, "\x1b[2K\x1b[1A", "\u2028\u2029\u0085", "\xff\xfe\x00", "\u202eevil",
		strings.Repeat("\n", 1000),
	}
	for _, format := range []string{"text", "json"} {
		for _, s := range evil {
			lines := logged(t, LogOptions{Level: "debug", Format: format}, func(l *Log) {
				open(l, 7)
				state(l, 7, event.Named{Helo: s})
				state(l, 7, event.Authenticated{Mechanism: "PLAIN", User: s, Reason: s})
				state(l, 7, event.Banned{User: s, Until: began})
				state(l, 7, event.Enveloped{From: s})
				state(l, 7, event.Refused{Verb: "RCPT", Path: s, Reply: s})
				state(l, 7, event.Accepted{ID: "q", MessageID: s, From: s})
			})
			if len(lines) != 7 {
				t.Errorf("%s: %q made %d lines", format, s, len(lines))
			}
			for _, line := range lines {
				head := ` session=7 protocol=smtp client=192.0.2.7 `
				if format == "json" {
					head = `,"session":7,"protocol":"smtp","client":"192.0.2.7",`
				}
				before, _, ok := strings.Cut(line, head)
				if !ok || strings.ContainsAny(before, "\"") != (format == "json") || strings.Contains(before, "client") {
					t.Errorf("%s: %q made %s", format, s, line)
				}
				if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 }) {
					t.Errorf("%s: %q made a line with control characters: %q", format, s, line)
				}
			}
		}
	}
}
