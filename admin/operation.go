// Package admin is the operations of the house: what the command line, and
// later the web page, may ask of it. Each is written once, takes and gives
// JSON, and reaches the house either in the same process (Table.Call) or
// through the control socket of a running server (Client.Call).
//
// It knows no terminal, no language and no protocol of mail. Start reading at
// Table in table.go; the operations are listed by noun, domain.go, account.go, …
package admin

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"time"
)

// Operation is one thing that can be asked of the house.
type Operation struct {
	Name    string // "account.add"
	Changes bool   // it changes something, or shows what is secret: it stands in the audit log
	about   func(request json.RawMessage) string
	run     func(ctx context.Context, request json.RawMessage, octets io.Reader) (any, error)
}

// Stream is the result of an operation whose answer is octets, not JSON.
type Stream func(ctx context.Context, w io.Writer) error

// op makes an Operation of a typed function.
func op[In, Out any](name string, changes bool, run func(context.Context, In) (Out, error)) Operation {
	return Operation{name, changes, aboutOf[In], func(ctx context.Context, raw json.RawMessage, _ io.Reader) (any, error) {
		var in In
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, refusal("refused", "admin.bad_request", "Name", name, "Error", err)
		}
		if n, ok := any(in).(naming); ok && slices.Contains(n.named(), "") {
			return nil, refusal("invalid", "admin.unnamed", "Name", name)
		}
		return run(ctx, in)
	}}
}

// Audit is one line of the audit log: who did what. It holds no secret: only
// the name of the operation and what it was about.
type Audit struct {
	Time      time.Time
	Actor     string // "control socket", later a person
	Operation string
	About     string // address, domain or number
	Err       error
}

// Caller runs operations, here or in the running server. in may be an Upload;
// out may be nil, a pointer for JSON, or an io.Writer for a Stream.
type Caller interface {
	Call(ctx context.Context, name string, in, out any) error
}

// None is the answer of operations that have nothing to say.
type None struct{}
