//go:build whole && linux

package wine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const (
	wine64     = "/usr/lib/wine/wine64"
	wineserver = "/usr/lib/wine/wineserver"
	gcc        = "x86_64-w64-mingw32-gcc"
)

// prng stands in for a library that wine 8 lacks and Go's runtime wants at its
// start.
const prng = `#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }
`

// patience is how long anything at all may take on a busy machine.
const patience = 2 * time.Minute

// machine is a wine prefix with posta.exe on it.
type machine struct {
	prefix, exe, dir string
}

// newMachine builds posta.exe and readies the prefix, which is made once and
// kept in the user's cache. One test run uses it at a time.
func newMachine(t *testing.T) *machine {
	t.Helper()
	if _, err := os.Stat(wine64); err != nil {
		t.Fatalf("%s is missing: install the Debian package wine64", wine64)
	}
	if _, err := exec.LookPath(gcc); err != nil {
		t.Fatalf("%s is missing: install the Debian package gcc-mingw-w64-x86-64", gcc)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{prefix: filepath.Join(cache, "posta-test", "wine"), dir: t.TempDir()}
	m.exe = filepath.Join(m.dir, "posta.exe")
	if err := os.MkdirAll(m.prefix, 0o700); err != nil {
		t.Fatal(err)
	}
	lock(t, m.prefix+".lock")
	build := exec.Command("go", "build", "-trimpath", "-o", m.exe, "posta/cmd/posta")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("posta.exe: %v\n%s", err, out)
	}
	t.Cleanup(func() { // the prefix's own services, and nobody else's
		stop := exec.Command(wineserver, "-k")
		stop.Env = m.env()
		_ = stop.Run() // it fails when all have ended already
	})
	if err := m.ready(); err != nil {
		t.Fatal(err)
	}
	return m
}

// lock holds a file until the test's end.
func lock(t *testing.T, name string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
}

// ready makes the prefix and its missing library, unless they are there.
func (m *machine) ready() error {
	system := filepath.Join(m.prefix, "drive_c", "windows", "system32")
	library := filepath.Join(system, "bcryptprimitives.dll")
	if _, err := os.Stat(library); err == nil {
		return nil
	}
	if err := os.RemoveAll(m.prefix); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	boot := exec.CommandContext(ctx, wine64, "wineboot", "-i")
	boot.Env = m.env()
	if out, err := boot.CombinedOutput(); err != nil {
		return fmt.Errorf("wineboot: %w\n%s", err, out)
	}
	source, built := filepath.Join(m.dir, "prng.c"), filepath.Join(m.dir, "prng.dll")
	if err := os.WriteFile(source, []byte(prng), 0o600); err != nil {
		return err
	}
	if out, err := exec.Command(gcc, "-shared", "-O2", "-o", built, source, "-ladvapi32").CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", gcc, err, out)
	}
	dll, err := os.ReadFile(built)
	if err != nil {
		return err
	}
	return os.WriteFile(library, dll, 0o755)
}

func (m *machine) env() []string {
	return append(os.Environ(), "WINEPREFIX="+m.prefix, "WINEDEBUG=-all", "WINEARCH=win64", "WINEDLLOVERRIDES=mscoree,mshtml=d", "LANG=C.UTF-8")
}

// command is posta.exe with arguments, in the machine's folder.
func (m *machine) command(args ...string) *exec.Cmd {
	cmd := exec.Command(wine64, append([]string{m.exe}, args...)...)
	cmd.Dir = m.dir
	cmd.Env = m.env()
	return cmd
}

// posta runs posta.exe to its end and gives its standard output.
func (m *machine) posta(t *testing.T, args ...string) string {
	t.Helper()
	cmd := m.command(args...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("posta %q: %v\n%s%s", args, err, out.String(), problems.String())
	}
	return out.String()
}
