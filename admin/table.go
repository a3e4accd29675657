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
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("admin: %s: %w", name, err)
	}
	result, err := t.run(ctx, "this process", name, raw)
	if err != nil {
		return err
	}
	return deliver(ctx, result, out)
}

// run does the operation and writes the audit line.
func (t *Table) run(ctx context.Context, actor, name string, raw json.RawMessage) (any, error) {
	o, ok := t.byName[name]
	if !ok {
		return nil, &Error{Code: "invalid", Text: "no operation is called " + name}
	}
	result, err := o.run(ctx, raw)
	if o.Changes {
		t.audit(Audit{Time: time.Now(), Actor: actor, Operation: name, About: about(raw), Err: err})
	}
	if err != nil {
		return nil, refuse(err)
	}
	return result, nil
}

// about picks what an operation is about out of its request, and nothing else:
// a request may hold a password.
func about(raw json.RawMessage) string {
	var request struct{ Address, Domain, Name string }
	if json.Unmarshal(raw, &request) != nil {
		return ""
	}
	for _, s := range []string{request.Address, request.Domain, request.Name} {
		if s != "" {
			return s
		}
	}
	return ""
}

// deliver hands a result over, by way of JSON so that both ways of calling
// give the same.
func deliver(ctx context.Context, result, out any) error {
	if s, ok := result.(Stream); ok {
		w, ok := out.(io.Writer)
		if !ok {
			return &Error{Code: "internal", Text: "the answer is a stream and nobody reads it"}
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
