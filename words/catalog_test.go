package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// entry is one text of a catalog: by plural form, "other" where there is one.
type entry map[string]string

// catalog reads a catalog as it stands in the file.
func catalog(t *testing.T, lang string) map[string]entry {
	t.Helper()
	text, err := catalogs.ReadFile("active." + lang + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	out := map[string]entry{}
	flatten(t, "", tree, out)
	return out
}

func flatten(t *testing.T, prefix string, tree map[string]any, out map[string]entry) {
	t.Helper()
	for key, v := range tree {
		id := strings.TrimPrefix(prefix+"."+key, ".")
		switch v := v.(type) {
		case string:
			out[id] = entry{"other": v}
		case map[string]any:
			if _, plural := v["other"]; !plural {
				flatten(t, id, v, out)
				continue
			}
			forms := entry{}
			for form, text := range v {
				forms[form], _ = text.(string)
			}
			out[id] = forms
		default:
			t.Errorf("%s is %T", id, v)
		}
	}
}

// holes are the placeholders of a text, sorted.
func holes(text string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`\{\{-?\s*\.?(\w+)[^}]*\}\}`).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestCatalogsAgree(t *testing.T) {
	en := catalog(t, Fallback)
	for _, lang := range Languages() {
		other := catalog(t, lang)
		for _, id := range slices.Sorted(maps.Keys(en)) {
			if _, ok := other[id]; !ok {
				t.Errorf("%s: %s is missing", lang, id)
				continue
			}
			for form, text := range other[id] {
				if text == "" {
					t.Errorf("%s: %s.%s is empty", lang, id, form)
				}
				if a, b := holes(en[id]["other"]), holes(text); !slices.Equal(a, b) && form == "other" {
					t.Errorf("%s: %s has the placeholders %v, English has %v", lang, id, b, a)
				}
			}
		}
		for id := range other {
			if _, ok := en[id]; !ok {
				t.Errorf("%s: %s is not in English", lang, id)
			}
		}
	}
}

// use is one place in the code where an id stands.
type use struct {
	at   string
	id   string
	args []string // keys of the Args, if they stand there
	seen bool     // whether args is known
	text string   // the English that stands in the code too, in a room that imports nothing
}

func TestCodeAndCatalogAgree(t *testing.T) {
	en := catalog(t, Fallback)
	uses, literals := scan(t)
	for _, u := range uses {
		text, ok := en[u.id]
		if !ok {
			t.Errorf("%s says %q, which no catalog has", u.at, u.id)
			continue
		}
		if want := holes(text["other"]); u.seen && !slices.Equal(without(u.args, "Count"), without(want, "Count")) {
			t.Errorf("%s fills %v of %q, which has %v", u.at, u.args, u.id, want)
		}
		if u.text != "" && u.text != text["other"] {
			t.Errorf("%s says %q for %q, the catalog %q", u.at, u.text, u.id, text["other"])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(en)) {
		// A trouble of the store brings the sentence of its repair along.
		if !literals[id] && !literals[strings.TrimSuffix(id, "_repair")] {
			t.Errorf("nobody says %q", id)
		}
	}
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == name })
}

// scan reads the repository's code, tests apart.
func scan(t *testing.T) (uses []use, literals map[string]bool) {
	t.Helper()
	literals = map[string]bool{}
	files := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if name := d.Name(); name == "testdata" || len(name) > 2 && name[0] == '.' {
				return filepath.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				literals[literal(n)] = true
			case *ast.CallExpr:
				if u, ok := useOf(n); ok {
					u.at = files.Position(n.Pos()).String()
					uses = append(uses, u)
				}
			case *ast.CompositeLit:
				for _, u := range usesOfThing(n) {
					u.at = files.Position(n.Pos()).String()
					uses = append(uses, u)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return uses, literals
}

// useOf recognises x.Say("id", args), words.Fail("id", args), x.say("id", args),
// words.FailOf(err, "id", args), words.FailAs(kind, "id", args), directory's
// refuse(kind, "id", args), mail's malformed("id", "English", args), and admin's
// refusal(code, "id", key, value …).
func useOf(call *ast.CallExpr) (use, bool) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	first := map[string]int{"Say": 0, "say": 0, "Fail": 0, "FailOf": 1, "FailAs": 1, "refuse": 1, "malformed": 0}
	if name == "refusal" && len(call.Args) >= 2 {
		return useOfPairs(call)
	}
	at, ok := first[name]
	last := at + 1
	if name == "malformed" {
		last++
	}
	if !ok || len(call.Args) != last+1 {
		return use{}, false
	}
	u := use{id: literal(call.Args[at])}
	if !strings.Contains(u.id, ".") || strings.ContainsAny(u.id, " \r\n") {
		return use{}, false
	}
	if name == "malformed" {
		u.text = literal(call.Args[at+1])
	}
	switch args := call.Args[last].(type) {
	case *ast.Ident:
		u.seen = args.Name == "nil"
	case *ast.CompositeLit:
		u.seen = true
		for _, e := range args.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				u.args = append(u.args, literal(kv.Key))
			}
		}
		slices.Sort(u.args)
	}
	return u, true
}

// usesOfThing recognises directory's thing{name, "id", "id"}; because gives its
// sentences the name.
func usesOfThing(lit *ast.CompositeLit) (uses []use) {
	if name, ok := lit.Type.(*ast.Ident); !ok || name.Name != "thing" {
		return nil
	}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		if id := literal(e); strings.Contains(id, ".") {
			uses = append(uses, use{id: id, args: []string{"Name"}, seen: true})
		}
	}
	return uses
}

func useOfPairs(call *ast.CallExpr) (use, bool) {
	u := use{id: literal(call.Args[1]), seen: call.Ellipsis == token.NoPos}
	for i := 2; i < len(call.Args); i += 2 {
		u.args = append(u.args, literal(call.Args[i]))
	}
	slices.Sort(u.args)
	return u, strings.Contains(u.id, ".")
}

// literal is the text of a string literal, or "".
func literal(n ast.Expr) string {
	if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		s, err := strconv.Unquote(lit.Value)
		if err == nil {
			return s
		}
	}
	return ""
}

// Spanish text quotes with «…»: what somebody typed, and posta's own commands. What
// is to be typed with its quotation marks, as in posta.toml, keeps them.
func TestSpanishQuotes(t *testing.T) {
	odd := regexp.MustCompile(`"posta |(.{0,2})"\{\{\.(\w+)\}\}`)
	typed := []string{"Least", "Example", "Better", "One"} // what would be right in posta.toml
	for id, forms := range catalog(t, "es") {
		for _, text := range forms {
			for _, m := range odd.FindAllStringSubmatch(text, -1) {
				if m[1] != "= " && !slices.Contains(typed, m[2]) {
					t.Errorf("%s: %s in %q", id, m[0], text)
				}
			}
		}
	}
}
