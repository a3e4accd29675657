package console

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Editor is where lines are typed, and what is said is shown.
type Editor interface {
	io.Writer // may be called while a line is being typed

	// Line asks for a line; remember says that it is for the history.
	Line(prompt string, remember bool) (string, error)
	// Secret asks for a line that nobody sees.
	Secret(prompt string) (string, error)
	// Echoes says that what is typed stands on the screen by itself.
	Echoes() bool
	// Columns is how wide the screen is; 0 where lines may be of any length.
	Columns() int
	// Close gives the terminal back as it was.
	Close() error
}

// maxLine is the longest line that may be typed or piped in, in octets.
const maxLine = 1 << 20

// pipe is an Editor for lines that come from a program or a file.
type pipe struct {
	in  *bufio.Reader
	out io.Writer
}

// NewPipe makes an Editor without editing.
func NewPipe(in io.Reader, out io.Writer) Editor {
	return &pipe{bufio.NewReaderSize(in, 64<<10), out}
}

func (p *pipe) Write(b []byte) (int, error) { return p.out.Write(b) }
func (p *pipe) Echoes() bool                { return false }
func (p *pipe) Columns() int                { return 0 }
func (p *pipe) Close() error                { return nil }

func (p *pipe) Line(string, bool) (string, error) {
	var b strings.Builder
	for {
		piece, err := p.in.ReadSlice('\n')
		b.Write(piece)
		if b.Len() > maxLine {
			return "", errors.New("console: a line is too long")
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && b.Len() == 0:
			return "", err
		}
		return strings.TrimSuffix(strings.TrimSuffix(b.String(), "\n"), "\r"), nil
	}
}

func (p *pipe) Secret(prompt string) (string, error) { return p.Line(prompt, false) }

// Terminal is an Editor with editing, history and completion.
type Terminal struct {
	t      *term.Terminal
	in     *os.File
	before *term.State
	past   *History

	// Complete gives the candidates for the word that ends at the cursor, and
	// where it begins; nil: none.
	Complete func(line string) (from int, candidates []string)
}

// The keys that the console has beside those of editing.
const (
	tab     = '\t'
	ctrlT   = 0x14 // T as in TLS
	ctrlKey = "\x15/starttls\r"
)

// NewTerminal takes over a terminal; Close gives it back.
func NewTerminal(in, out *os.File, past *History) (*Terminal, error) {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	if err := allowEscapes(out); err != nil {
		return nil, errors.Join(err, term.Restore(int(in.Fd()), before))
	}
	t := &Terminal{in: in, before: before, past: past}
	t.t = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{&keys{in: in}, out}, "")
	t.t.History = past
	t.t.AutoCompleteCallback = t.complete
	t.t.SetBracketedPasteMode(true)
	return t, nil
}

func (t *Terminal) Write(b []byte) (int, error) { return t.t.Write(b) }
func (t *Terminal) Echoes() bool                { return true }

// Columns implements Editor.
func (t *Terminal) Columns() int {
	width, _, err := term.GetSize(int(t.in.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Close implements Editor.
func (t *Terminal) Close() error {
	t.t.SetBracketedPasteMode(false)
	return term.Restore(int(t.in.Fd()), t.before)
}

// Line implements Editor.
func (t *Terminal) Line(prompt string, remember bool) (string, error) {
	t.size()
	t.past.open = remember
	t.t.SetPrompt(prompt)
	line, err := t.t.ReadLine()
	if errors.Is(err, term.ErrPasteIndicator) {
		err = nil
	}
	return line, err
}

// Secret implements Editor.
func (t *Terminal) Secret(prompt string) (string, error) {
	t.size()
	return t.t.ReadPassword(prompt)
}

// size looks how large the window is now.
func (t *Terminal) size() {
	if width, height, err := term.GetSize(int(t.in.Fd())); err == nil && width > 0 {
		_ = t.t.SetSize(width, height) // it only redraws
	}
}

// complete answers the Tab key.
func (t *Terminal) complete(line string, pos int, key rune) (string, int, bool) {
	if key != tab || t.Complete == nil {
		return "", 0, false
	}
	from, all := t.Complete(line[:pos])
	if len(all) == 0 {
		return line, pos, true
	}
	word := common(all)
	if len(all) == 1 && !strings.HasSuffix(word, "<") && !strings.HasSuffix(word, "=") && !strings.HasSuffix(word, ";") {
		word += " "
	}
	if len(all) > 1 && len(word) <= pos-from {
		_, _ = t.Write([]byte("   " + strings.Join(all, "  ") + "\n")) // a terminal that is gone is noticed at the next key
		return line, pos, true
	}
	return line[:from] + word + line[pos:], from + len(word), true
}

// common is how all words begin.
func common(all []string) string {
	out := all[0]
	for _, w := range all[1:] {
		n := 0
		for n < len(out) && n < len(w) && out[n] == w[n] {
			n++
		}
		out = out[:n]
	}
	return out
}

// keys turns the key for STARTTLS into the local command, so that what it does
// stands on the screen.
type keys struct {
	in   io.Reader
	rest []byte
}

func (k *keys) Read(p []byte) (int, error) {
	if len(k.rest) == 0 {
		n, err := k.in.Read(p)
		for i := range n {
			if p[i] == ctrlT {
				k.rest = append([]byte(ctrlKey), p[i+1:n]...)
				return i, err
			}
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	n := copy(p, k.rest)
	k.rest = k.rest[n:]
	return n, nil
}
