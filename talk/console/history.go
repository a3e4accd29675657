package console

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxHistory is how many lines are remembered.
const maxHistory = 500

// History is what was typed, the newest first. Clean takes the secrets out of a
// line, and says whether it is one to remember at all.
type History struct {
	lines []string // the oldest first
	open  bool     // what is typed now is a command
	Clean func(line string) (string, bool)
}

// Add implements term.History.
func (h *History) Add(line string) {
	if !h.open {
		return
	}
	line = strings.TrimSpace(line)
	if h.Clean != nil {
		var ok bool
		if line, ok = h.Clean(line); !ok {
			return
		}
	}
	if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	if len(h.lines) > maxHistory {
		h.lines = slices.Delete(h.lines, 0, len(h.lines)-maxHistory)
	}
}

// Len implements term.History.
func (h *History) Len() int { return len(h.lines) }

// At implements term.History.
func (h *History) At(i int) string { return h.lines[len(h.lines)-1-i] }

// Load reads what was remembered before; a file that is not there is none.
func (h *History) Load(name string) error {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		h.lines = append(h.lines, lines.Text())
	}
	if len(h.lines) > maxHistory {
		h.lines = h.lines[len(h.lines)-maxHistory:]
	}
	return lines.Err()
}

// Save writes it, for the user alone to read.
func (h *History) Save(name string) error {
	if len(h.lines) == 0 {
		return nil
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "history-*.tmp") // 0600
	if err != nil {
		return err
	}
	_, err = tmp.WriteString(strings.Join(h.lines, "\n") + "\n")
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}
