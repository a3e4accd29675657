// Package capturetest finds the public captures of mail and reads what tshark
// says of them: the truth that the rooms of the analyser are held against.
//
// Start reading at Dir.
package capturetest

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// Variable names the folder of the captures. Where it is set, as make test does,
// the captures must be there.
const Variable = "POSTA_CAPTURES"

// Dir is the folder of the captures: $POSTA_CAPTURES, or shared/captures beside
// the repository. Without either the test is skipped, and says so.
func Dir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv(Variable); dir != "" {
		if _, err := os.Stat(dir); err != nil {
			t.Fatalf("%s: %v", Variable, err)
		}
		return filepath.ToSlash(filepath.Clean(dir)) // as filepath.Glob names what it finds
	}
	dir := ".."
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir = filepath.Join("..", dir); len(dir) > 60 {
			t.Fatal("the repository has no go.mod")
		}
	}
	dir = filepath.Join(dir, "..", "shared", "captures")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("there are no public captures beside the repository, and " + Variable + " names none: nothing was held against tshark")
	}
	return filepath.ToSlash(dir)
}

// Answers are the files with what tshark says of the captures' frames; each is
// called like its capture, and .tshark.jsonl.
func Answers(t testing.TB) []string {
	t.Helper()
	found, err := filepath.Glob(Dir(t) + "/*/*.tshark.jsonl")
	if err != nil || len(found) == 0 {
		t.Fatal("the captures have no answers of tshark: ", err)
	}
	for i := range found {
		found[i] = filepath.ToSlash(found[i])
	}
	return found
}

// Frame is what tshark says of one: each field by its name, a text or several.
type Frame map[string]any

// Texts are the values of a field.
func (f Frame) Texts(name string) (out []string) {
	many, ok := f[name].([]any)
	if !ok && f[name] != nil {
		many = []any{f[name]}
	}
	for _, one := range many {
		out = append(out, one.(string))
	}
	return out
}

// Stream is the frame's tcp.stream.
func (f Frame) Stream() int {
	text, _ := f["tcp.stream"].(string)
	stream, _ := strconv.Atoi(text)
	return stream
}

// Frames gives each frame of a file of Answers.
func Frames(t testing.TB, path string, each func(Frame)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var frame Frame
		if err := json.Unmarshal(lines.Bytes(), &frame); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		each(frame)
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
