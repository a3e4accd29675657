package admin

import (
	"context"
	"errors"
	"strings"

	"posta/imf"
	"posta/store"
)

// maxHeader bounds what is read of a message to find who wrote it and about
// what; what stands later is not found.
const maxHeader = 64 << 10

// errEnough stops the store's reader behind the header.
var errEnough = errors.New("admin: the header has ended")

// header is an io.Writer that keeps a message's header and stops behind it.
type header struct {
	scanner imf.Scanner
	head    []byte
}

func (h *header) Write(p []byte) (int, error) {
	h.head = append(h.head, p[:min(len(p), maxHeader)]...)
	if h.scanner.Scan(p) != imf.More {
		return 0, errEnough
	}
	return len(p), nil
}

// text gives the first field of a name, decoded, and nothing if there is none.
func (h *header) text(name string) string {
	for _, f := range h.scanner.Fields() {
		if int(f.End) <= len(h.head) && strings.EqualFold(string(f.Name(h.head)), name) {
			return strings.ToValidUTF8(imf.DecodeWords(f.Text(h.head)), "\ufffd")
		}
	}
	return ""
}

// withHeaders shows messages with what their headers say. One that is deleted
// meanwhile is left out.
func (b inbox) withHeaders(ctx context.Context, entries []store.Entry) ([]Message, error) {
	r := b.drops.Reader(b.account)
	defer r.Close()
	out := make([]Message, 0, len(entries))
	reading := header{scanner: imf.Scanner{Max: maxHeader}}
	for _, e := range entries {
		reading.scanner.Reset()
		reading.head = reading.head[:0]
		err := r.WriteTo(ctx, &reading, e, nil)
		switch {
		case errors.Is(err, store.ErrNotFound):
			continue
		case err != nil && !errors.Is(err, errEnough):
			return nil, err
		}
		reading.scanner.Finish()
		m := showMessage(e)
		m.To, m.From, m.Subject = reading.text("Delivered-To"), reading.text("From"), reading.text("Subject")
		out = append(out, m)
	}
	return out, nil
}
