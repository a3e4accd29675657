package words

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// carried is an Error as JSON. Errors among the arguments are objects of the
// same shape.
type carried struct {
	ID    string `json:"id"`
	Args  Args   `json:"args,omitempty"`
	Cause *Error `json:"cause,omitempty"`
}

// Carry gives what of err can be said in any language, made of Errors all the
// way down, for the way through JSON. It is nil where nothing can be said.
func Carry(err error) *Error {
	var s Sayable
	if !errors.As(err, &s) {
		return nil
	}
	id, args := s.Words()
	out := &Error{ID: id}
	if len(args) > 0 {
		out.Args = make(Args, len(args))
	}
	for name, v := range args {
		out.Args[name] = plain(v)
	}
	if e, ok := s.(*Error); ok && e.Err != nil {
		out.Err = cause(e.Err)
	}
	return out
}

// cause is an error beneath another. One that nobody can translate is carried
// in its own words, and so is one whose words are more than what can be said.
func cause(err error) *Error {
	if e := Carry(err); e != nil && e.Error() == err.Error() {
		return e
	}
	return Fail("words.as_it_is", Args{"Text": err.Error()})
}

// plain is an argument as it looks the same on both sides of JSON.
func plain(v any) any {
	switch v := v.(type) {
	case error:
		return cause(v)
	case time.Duration:
		return Span(v)
	case string, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return v
	}
	return fmt.Sprint(v)
}

// MarshalJSON writes the Error with all that lies beneath it.
func (e *Error) MarshalJSON() ([]byte, error) {
	c := Carry(e)
	out := carried{ID: c.ID, Args: c.Args}
	out.Cause, _ = c.Err.(*Error)
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Error) UnmarshalJSON(data []byte) error {
	var raw struct {
		carried
		Args map[string]json.RawMessage `json:"args"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*e = Error{ID: raw.ID}
	if raw.Cause != nil {
		e.Err = raw.Cause
	}
	if len(raw.Args) > 0 {
		e.Args = make(Args, len(raw.Args))
	}
	for name, v := range raw.Args {
		read, err := argument(v)
		if err != nil {
			return err
		}
		e.Args[name] = read
	}
	return nil
}

// argument reads one argument: an Error, a whole number as it was written, or
// what JSON has else.
func argument(raw json.RawMessage) (any, error) {
	if bytes.HasPrefix(raw, []byte("{")) {
		inner := &Error{}
		return inner, json.Unmarshal(raw, inner)
	}
	var whole int64
	if json.Unmarshal(raw, &whole) == nil && !bytes.Equal(raw, []byte("null")) {
		return whole, nil
	}
	var v any
	return v, json.Unmarshal(raw, &v)
}
