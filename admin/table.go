package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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
		return nil, refusal("refused", "admin.no_operation", "Name", c.name)
	}
	result, err := o.run(ctx, c.raw, c.octets)
	if o.Changes {
		t.audit(Audit{Time: time.Now(), Actor: c.actor, Operation: c.name, About: o.about(c.raw), Err: err})
	}
	if err != nil {
		return nil, refuse(err)
	}
	return result, nil
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
