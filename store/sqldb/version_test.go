package sqldb_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestVersions(t *testing.T) {
	// The transpiled SQLite only works with the libc that it was made with.
	own, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	want := required(t, "modernc.org/sqlite")
	if have := version(string(own), "modernc.org/libc"); have == "" || have != want {
		t.Errorf("go.mod has modernc.org/libc %q; its sqlite needs %q", have, want)
	}
}

// required gives the libc that a module's go.mod asks for.
func required(t *testing.T, module string) string {
	t.Helper()
	file, err := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(strings.TrimSpace(string(file)))
	if err != nil {
		t.Fatal(err)
	}
	return version(string(mod), "modernc.org/libc")
}

// version finds the version of a module in the text of a go.mod.
func version(mod, module string) string {
	for line := range strings.Lines(mod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == module {
			return fields[1]
		}
	}
	return ""
}
