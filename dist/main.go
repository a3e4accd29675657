// Command dist builds what people download: for each system one archive with
// the program, a short README in both languages, the lab guide and the licence,
// and SHA256SUMS over them all. The same source gives the same octets.
//
//	go run ./dist [-o FOLDER] [TARGET...]
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	out := flag.String("o", "bin/dist", "folder for the archives")
	flag.Parse()
	if err := run(*out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// targets are the systems that posta is built for.
func targets() []string {
	return []string{"linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64", "darwin/amd64", "darwin/arm64"}
}

func run(out string, wanted []string) error {
	if len(wanted) == 0 {
		wanted = targets()
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	version, err := versionOf()
	if err != nil {
		return err
	}
	at := commitTime()
	var sums strings.Builder
	for _, target := range wanted {
		name, err := pack(out, version, target, at)
		if err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
		octets, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(octets), name)
		fmt.Println(filepath.Join(out, name))
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// versionOf asks the program itself.
func versionOf() (string, error) {
	said, err := exec.Command("go", "run", "./cmd/posta", "version", "--lang", "en").Output()
	words := strings.Fields(string(said))
	if err != nil || len(words) < 2 {
		return "", fmt.Errorf("posta version: %q %w", said, err)
	}
	return words[1], nil
}

// commitTime is the time that all files in the archives have: that of the
// commit, or SOURCE_DATE_EPOCH where there is none.
func commitTime() time.Time {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		out, err := exec.Command("git", "log", "-1", "--format=%ct").Output()
		if err == nil {
			text = strings.TrimSpace(string(out))
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Unix(seconds, 0).UTC()
}

// pack builds a target and puts its archive together; it gives its name.
func pack(out, version, target string, at time.Time) (string, error) {
	system, machine, ok := strings.Cut(target, "/")
	if !ok {
		return "", fmt.Errorf("write it like linux/amd64")
	}
	program := filepath.Join(out, "posta-"+system+"-"+machine)
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./cmd/posta")
	build.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+machine, "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return "", err
	}
	defer os.Remove(program)
	files, err := content(system, program)
	if err != nil {
		return "", err
	}
	stem := fmt.Sprintf("posta-%s-%s-%s", version, system, machine)
	if system == "windows" {
		return stem + ".zip", writeZip(filepath.Join(out, stem+".zip"), stem, files, at)
	}
	return stem + ".tar.gz", writeTar(filepath.Join(out, stem+".tar.gz"), stem, files, at)
}
