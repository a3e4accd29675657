package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

// Table is the operations of one house by name.
type Table struct {
	byName map[string]Operation
	audit  func(Audit)
}

func newTable(audit func(Audit), operations ...[]Operation) *Table {
	if audit == nil {
		audit = func(Audit) {}
	}
	t := &Table{map[string]Operation{}, audit}
	for _, group := range operations {
		for _, o := range group {
			if _, twice := t.byName[o.Name]; twice {
				panic("admin: operation " + o.Name + " stands twice")
			}
			t.byName[o.Name] = o
		}
	}
	return t
}

// Call runs an operation in this process.
func (t *Table) Call(ctx context.Context, name string, in, out any) error {
	request, octets := apart(in)
	raw, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("admin: %s: %w", name, err)
	}
	result, err := t.run(ctx, call{"this process", name, raw, octets})
	if err != nil {
		return err
	}
	return deliver(ctx, result, out)
}

// call is one operation being asked for.
type call struct {
	actor  string
	name   string
	raw    json.RawMessage
	octets io.Reader // of an Upload
}

// run does the operation and writes the audit line.
func (t *Table) run(ctx context.Context, c call) (any, error) {
	o, ok := t.byName[c.name]
	if !ok {
		return nil, refusal("invalid", "admin.no_operation", "Name", c.name)
	}
	result, err := o.run(ctx, c.raw, c.octets)
	if o.Changes {
		t.audit(Audit{Time: time.Now(), Actor: c.actor, Operation: c.name, About: about(c.raw), Err: err})
	}
	if err != nil {
		return nil, refuse(err)
	}
	return result, nil
}

// about picks what an operation is about out of its request, and nothing else:
// a request may hold a password.
func about(raw json.RawMessage) string {
	var request struct {
		Address, To, Domain, Name, Target, Listener string
		IDs                                         []uint64 // of sessions
	}
	if json.Unmarshal(raw, &request) != nil {
		return ""
	}
	for _, s := range []string{request.Address, request.To, request.Domain, request.Name, request.Target, request.Listener} {
		if s != "" {
			return s
		}
	}
	return ranges(request.IDs)
}

// maxAbout bounds what is written of numbers, in octets.
const maxAbout = 200

// ranges writes numbers in order, each once, "3,7-9"; where that is too long,
// how many there are.
func ranges(ids []uint64) string {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var text []byte
	for i := 0; i < len(ids); i++ {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendUint(text, ids[i], 10)
		first := i
		for i+1 < len(ids) && ids[i+1] == ids[i]+1 {
			i++
		}
		if i > first {
			text = strconv.AppendUint(append(text, '-'), ids[i], 10)
		}
		if len(text) > maxAbout {
			return strconv.Itoa(len(ids)) + " sessions"
		}
	}
	return string(text)
}

// deliver hands a result over, by way of JSON so that both ways of calling
// give the same.
func deliver(ctx context.Context, result, out any) error {
	if s, ok := result.(Stream); ok {
		w, ok := out.(io.Writer)
		if !ok {
			return &Error{Code: "internal", Text: "admin: the answer is a stream and nobody reads it"}
		}
		if err := s(ctx, w); err != nil {
			return refuse(err)
		}
		return nil
	}
	if out == nil {
		return nil
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, out)
}
