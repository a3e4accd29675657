package posta_test

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "posta"

// thirdParties may only be imported by these rooms: a database driver outside
// sqldb, or a logger in a core room, would be a second way through the house.
var thirdParties = map[string][]string{
	"log/slog":                      {"observe", "cmd/posta"},
	"log":                           {},
	"modernc.org/sqlite":            {"store/sqldb"},
	"github.com/jackc/pgx":          {"store/sqldb"},
	"github.com/pressly/goose":      {"store/sqldb"},
	"github.com/spf13/cobra":        {"cmd/posta"},
	"github.com/nicksnyder/go-i18n": {"words"},
	"golang.org/x/image":            {"draw"},
	"github.com/miekg/dns":          {"dns", "dns/dnstest"},
	"codeberg.org/go-pdf/fpdf":      {"draw", "report"},
}

// The import law: a room imports only the rooms that its line in
// docs/design.md names. Tests of a room may import more, but not commands.
func TestImportLaw(t *testing.T) {
	law := readLaw(t)
	for _, file := range goFiles(t) {
		room := path.Dir(file)
		allowed, ok := law[room]
		if !ok && !under(room, "test") {
			t.Errorf("%s: the room %s/ has no line in the table of docs/design.md", file, room)
			continue
		}
		everything := under(room, "test") || slices.Contains(allowed, "everything")
		for _, imported := range imports(t, file) {
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			switch {
			case !isOurs:
				checkThirdParty(t, file, room, imported)
			case strings.HasSuffix(file, "_test.go"):
				if under(ours, "cmd") {
					t.Errorf("%s imports %s: nobody imports a command", file, ours)
				}
			case ours == "store/sqldb" && room != "server" && !under(room, "test"):
				t.Errorf("%s imports %s: only server/ puts the engine in", file, ours)
			case !everything && !slices.Contains(allowed, ours):
				t.Errorf("%s imports %s, which its line in docs/design.md does not name", file, ours)
			}
		}
	}
}

func checkThirdParty(t *testing.T, file, room, imported string) {
	if under(room, "test") || strings.HasSuffix(file, "_test.go") {
		return
	}
	for party, rooms := range thirdParties {
		if (imported == party || party != "log" && under(imported, party)) && !slices.Contains(rooms, room) {
			t.Errorf("%s imports %s; only %v may", file, imported, rooms)
		}
	}
}

// No init functions: what a room does at start stands in a constructor.
func TestNoInit(t *testing.T) {
	for _, file := range goFiles(t) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(src), "\nfunc init()") {
			t.Errorf("%s has an init function", file)
		}
	}
}

// readLaw reads the table of rooms out of docs/design.md: room → its imports.
func readLaw(t *testing.T) map[string][]string {
	f, err := os.Open("docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	law := map[string][]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		cells := strings.Split(lines.Text(), " | ")
		if len(cells) != 3 || !strings.HasPrefix(cells[0], "| `") {
			continue
		}
		room := strings.Trim(cells[0], "|`/ ")
		law[room] = strings.Fields(strings.TrimSuffix(cells[2], "|"))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(law) < 30 {
		t.Fatalf("docs/design.md names %d rooms; has its table changed shape?", len(law))
	}
	for room, allowed := range law {
		for _, a := range allowed {
			if _, ok := law[a]; !ok && a != "–" && a != "everything" {
				t.Errorf("docs/design.md: the line of %s/ names %s, which has no line", room, a)
			}
		}
	}
	return law
}

func goFiles(t *testing.T) []string {
	var files []string
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "tools"):
			return filepath.SkipDir
		case strings.HasSuffix(p, ".go") && filepath.Dir(p) != ".":
			files = append(files, filepath.ToSlash(p))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func imports(t *testing.T, file string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}

// under says that p is dir or lies below it.
func under(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// The files that docs/message.md names are there: a newcomer follows them. A
// name without a folder is in that of the one before it.
func TestMessageDocNamesFiles(t *testing.T) {
	doc, err := os.ReadFile("docs/message.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z0-9/]+/)?([a-z_]+\\.go)`").FindAllStringSubmatch(string(doc), -1)
	if len(named) < 30 {
		t.Fatalf("docs/message.md names %d files; has its spelling changed?", len(named))
	}
	folder := ""
	for _, m := range named {
		if m[1] != "" {
			folder = m[1]
		}
		if _, err := os.Stat(folder + m[2]); err != nil {
			t.Errorf("docs/message.md names %s: %v", m[0], err)
		}
	}
}

// docs/design.md says of every direct dependency why it is there.
func TestDependenciesAreExplained(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	design, err := os.ReadFile("docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(design), "why each direct one is there")
	list, _, _ = strings.Cut(list, "Not to be had")
	for line := range strings.Lines(string(mod)) {
		fields := strings.Fields(line)
		if len(fields) != 2 || !strings.HasPrefix(line, "\t") {
			continue
		}
		if !strings.Contains(list, fields[0]) {
			t.Errorf("docs/design.md does not say why %s is in go.mod", fields[0])
		}
	}
}

// What docs/design.md shows of the central types is in the code: the rooms of
// its first block declare them.
func TestCentralTypesAreThere(t *testing.T) {
	design, err := os.ReadFile("docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(design), "## The central types")
	_, block, _ = strings.Cut(block, "```go\n")
	block, _, _ = strings.Cut(block, "```")
	about := regexp.MustCompile(`^// ([a-z0-9/]+)(\.|:|$)`)
	declared := regexp.MustCompile(`^(?:type (\w+) |func (?:\(\w+ \*?(\w+)\) )?(\w+)\()`)
	room, found := "", 0
	for line := range strings.Lines(block) {
		line = strings.TrimSpace(line)
		if m := about.FindStringSubmatch(line); m != nil {
			room = m[1]
		}
		m := declared.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		found++
		want := "\ntype " + m[1] + " "
		if m[3] != "" {
			want = "\nfunc " + m[3] + "("
		}
		if m[2] != "" {
			want = " *" + m[2] + ") " + m[3] + "("
		}
		if !declares(t, room, want) {
			t.Errorf("docs/design.md shows %q of %s/, which has no %q", line, room, strings.TrimSpace(want))
		}
	}
	if found < 15 {
		t.Errorf("docs/design.md shows %d central types; has its block changed shape?", found)
	}
}

// declares says that a file of a room, no test, holds a text.
func declares(t *testing.T, room, text string) bool {
	files, err := filepath.Glob(path.Join(room, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s/: %v", room, err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") && strings.Contains(string(src), text) {
			return true
		}
	}
	return false
}
