package admin

import (
	"context"

	"posta/fault"
	"posta/words"
)

// FaultID names a fault; 0 is all of them.
type FaultID struct {
	ID int `json:"id,omitempty"`
}

// Cleared says how many faults went.
type Cleared struct {
	Faults int `json:"faults"`
}

func (h House) faults() []Operation {
	return []Operation{
		op("fault.add", true, func(_ context.Context, in fault.Rule) (fault.Rule, error) {
			if !h.mayFail() {
				return fault.Rule{}, refusal("refused", "admin.fault_strict")
			}
			r, err := h.Faults.Add(in)
			if err != nil {
				return r, &Error{Code: "invalid", Text: err.Error(), Said: words.Carry(err)}
			}
			return r, nil
		}),
		op("fault.list", false, func(context.Context, None) ([]fault.Rule, error) { return h.Faults.List(), nil }),
		op("fault.clear", true, func(_ context.Context, in FaultID) (Cleared, error) {
			n := h.Faults.Clear(in.ID)
			if n == 0 && in.ID != 0 {
				return Cleared{}, refusal("not_found", "admin.no_fault", "ID", in.ID)
			}
			return Cleared{n}, nil
		}),
	}
}

// mayFail says that some listener makes mistakes on purpose: a strict one never
// does.
func (h House) mayFail() bool { return h.Faulty != nil && h.Faulty() }
