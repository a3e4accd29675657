package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sameInBoth are the texts that are the same in English and in Spanish.
func sameInBoth() []string {
	return []string{
		"words.as_it_is", "admin.bad_recipient", "fail.flag_value", "fail.read_filter", // nothing but what they hold
		"help.word_uid", "help.word_queue_id", "field.queue_id", "field.helo", "field.tls", "field.uid", "field.listener", "field.selector", "note.tls", // terms
		"card.putty_host", "card.putty_raw", "card.putty_close", // PuTTY speaks English
		"card.sink", "list.no",
	}
}

// Nothing stays in one language by mistake.
func TestNothingStaysEnglish(t *testing.T) {
	en, es := catalog(t, "en"), catalog(t, "es")
	var same []string
	for _, id := range slices.Sorted(maps.Keys(en)) {
		for form, text := range es[id] {
			if text == en[id][form] {
				same = append(same, id)
			}
		}
	}
	same = slices.Compact(same)
	for _, id := range same {
		if !slices.Contains(sameInBoth(), id) {
			t.Errorf("%s is %q in both languages", id, en[id]["other"])
		}
	}
	for _, id := range sameInBoth() {
		if !slices.Contains(same, id) {
			t.Errorf("%s is not the same in both languages", id)
		}
	}
}

// talkers are the rooms whose strings people may read.
func talkers() []string {
	return []string{"cmd/posta", "server", "admin", "config", "roster", "cert", "fault", "observe", "sink", "trace", "queue", "words", "talk/console"}
}

// The rule: what a person reads comes out of the catalogs. So in these rooms a
// string literal with words in it may not go into what prints, nor into a
// command's or a flag's description, nor into an error, but for
//   - errors that begin with their room's name and a colon: faults of posta or
//     the machine (status 4), which the log and their mender read, and kinds that
//     are only compared;
//   - what is typed, not read: the commands of examples, cards and pages;
//   - notes in recordings, which are English there and translated when shown
//     (cmd/posta's TestNotesAreSaid), and the protocols' own replies.
//
// Lines of the log and the help of metrics are English as well: programs read them.
func TestNoUntranslatedStrings(t *testing.T) {
	checked := 0
	for _, room := range talkers() {
		names, err := filepath.Glob(filepath.Join("..", room, "*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no files, %v", room, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			checked += untranslated(file, filepath.Base(room), func(at token.Pos, text string) {
				t.Errorf("%s: people would read %q in English", files.Position(at), text)
			})
		}
	}
	if checked < 100 {
		t.Errorf("only %d places were looked at; has their form changed?", checked)
	}
}

// The test would find each kind of slip.
func TestUntranslatedAreFound(t *testing.T) {
	for _, slip := range []string{
		`fmt.Fprintln(w, "cannot write it")`,
		`fmt.Print("posta: " + name + " is gone")`,
		`_, _ = io.WriteString(w, "nothing here")`,
		`errors.New("no such account")`,
		`return fmt.Errorf("reading %s: %w", name, err)`,
		`errors.New("other: no such account")`,
		`c.Short = "add an account"`,
		`_ = &cobra.Command{Use: "x", Short: "add an account"}`,
		`flags.StringVar(&x, "name", "", "the full name")`,
		`c.Flags().Bool("force", false, "even so")`,
		`a.print(out, line("it is done"))`,
		`b.WriteString("done with it\n")`,
		`panic(fmt.Sprintf("%d messages deleted", n))`,
		`_ = &Error{Code: "invalid", Text: "no such thing"}`,
		`fmt.Fprintf(w, "deleted %d", n)`,
	} {
		if n := slips(t, slip); n != 1 {
			t.Errorf("%s: found %d slips", slip, n)
		}
	}
	for _, right := range []string{
		`errors.New("room: no such account")`,
		`fmt.Errorf("room: reading %s: %w", name, err)`,
		`fmt.Fprintf(w, "%s\n", a.say("help.usage", nil))`,
		`fmt.Fprintln(a.Err, "posta: "+text)`,
		`c.Example = "posta account add pepe@pepito.es"`,
		`flags.StringVar(&x, "max-message", "", a.say("help.flag_name", nil))`,
		`fmt.Fprintf(f, "\r%-*s", width, text)`,
	} {
		if n := slips(t, right); n != 0 {
			t.Errorf("%s: found %d slips", right, n)
		}
	}
}

// slips counts those in a statement of a room called room.
func slips(t *testing.T, statement string) (n int) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package room\nfunc f() {\n"+strings.TrimPrefix(statement, "return ")+"\n}", 0)
	if err != nil {
		t.Fatal(err)
	}
	untranslated(file, "room", func(token.Pos, string) { n++ })
	return n
}

// untranslated tells of the literals of a file that people would read, and
// counts the places where they could stand.
func untranslated(file *ast.File, room string, found func(token.Pos, string)) (places int) {
	look := func(e ast.Expr, internal bool) {
		places++
		eachLiteral(e, func(lit *ast.BasicLit) {
			text := literal(lit)
			if !hasWords(text) || internal && strings.HasPrefix(text, room+": ") || isNote(text) || isTyped(text) {
				return
			}
			found(lit.Pos(), text)
		})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			from, internal := prints(n)
			for i, arg := range n.Args {
				if from >= 0 && i >= from {
					look(arg, internal)
				}
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if s, ok := left.(*ast.SelectorExpr); ok && describes(s.Sel.Name) && i < len(n.Rhs) {
					look(n.Rhs[i], false)
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && describes(key.Name) {
				look(n.Value, true)
			}
		}
		return true
	})
	return places
}

// describes are the fields that people read: cobra's, and an Error's of admin.
func describes(field string) bool {
	return slices.Contains([]string{"Short", "Long", "Deprecated", "Text", "Hint"}, field)
}

// prints gives from which argument on a call's texts are read by people, -1 if
// none, and whether an internal error may stand there.
func prints(call *ast.CallExpr) (from int, internal bool) {
	name, of := "", ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
		if x, ok := f.X.(*ast.Ident); ok {
			of = x.Name
		}
	}
	switch {
	case of == "errors" && name == "New", of == "fmt" && name == "Errorf":
		return 0, true
	case of == "fmt" && strings.HasPrefix(name, "Fprint"), of == "io" && name == "WriteString":
		return 1, false
	case of == "fmt": // Print, Sprintf, Appendf …
		return 0, true
	case name == "WriteString" && len(call.Args) == 1, name == "line" && len(call.Args) == 1:
		return 0, false
	case isFlag(name) && len(call.Args) >= 3: // only the description: names and values have no words
		return len(call.Args) - 1, false
	}
	return -1, false
}

// isFlag knows pflag's ways to make a flag.
func isFlag(name string) bool {
	return regexp.MustCompile(`^(String|StringArray|StringSlice|Bool|Int|Int64|Uint64|Duration|Text)?(Var)?P?$`).MatchString(name) && name != ""
}

// eachLiteral gives the string literals of an expression, not those within
// calls, which are looked at by themselves.
func eachLiteral(e ast.Expr, f func(*ast.BasicLit)) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr, *ast.FuncLit:
			return false
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				f(n)
			}
		}
		return true
	})
}

// hasWords tells a text from a name, a format or a separator: two words, one
// after the other.
func hasWords(text string) bool {
	text = regexp.MustCompile(`%[-+# 0-9.*]*[a-zA-Z]`).ReplaceAllString(text, "%")
	text = strings.TrimPrefix(text, "posta: ")
	return regexp.MustCompile(`\pL{2,}[,:;.]? +\pL{2,}|% +\pL{3,}|\pL{3,}:? +%`).MatchString(text)
}

// isTyped knows what is for programs: a command line, a process's number, the
// head of a file of Windows, a reply of the protocols, a note that is recorded.
func isTyped(text string) bool {
	return regexp.MustCompile(`^(posta|putty|plink|telnet|openssl|curl|swaks|tshark|netsh) `).MatchString(text) ||
		slices.Contains([]string{"PID %d", "%s, PID %d", "Windows Registry Editor Version 5.00\n", "Too many connections; try again later", "The domain's host says to %s: %d %s",
			"handed in by "}, text)
}

// isNote knows a session's note by its brackets.
func isNote(text string) bool { return strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") }
