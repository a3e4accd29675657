package admin

import (
	"context"

	"posta/check"
	"posta/directory"
	"posta/observe"
	"posta/store"
)

// House is the rooms that operations act on.
type House struct {
	Directory *directory.Directory
	Mail      store.Mail
	Maildrops store.Maildrops
	Sessions  *observe.Sessions
	Guard     *check.Guard
	Status    func() Status
}

// NewTable makes the operations of a house. audit is told of every change; it
// may be nil.
func NewTable(h House, audit func(Audit)) *Table {
	return newTable(audit, h.domains(), h.accounts(), h.aliases(), h.lists(), h.messages(), h.watching())
}

// ByDomain chooses what belongs to one domain; "" is all.
type ByDomain struct {
	Domain string `json:"domain,omitempty"`
}

// ByAddress names one account, alias or list.
type ByAddress struct {
	Address string `json:"address"`
}

// Status is what a running server says of itself.
type Status struct {
	Version   string     `json:"version"`
	Hostname  string     `json:"hostname"`
	Data      string     `json:"data"`
	Listeners []Listener `json:"listeners,omitempty"`
}

// Listener is one address that is listened on.
type Listener struct {
	Name    string `json:"name"`
	Service string `json:"service"`
	Mode    string `json:"mode"`
	TLS     string `json:"tls"`
	Address string `json:"address"`
}

// SessionID names a session.
type SessionID struct {
	ID uint64 `json:"id"`
}

// Unban names an address whose ban and failures are to be forgotten.
type Unban struct {
	Address string `json:"address"`
}

func (h House) watching() []Operation {
	return []Operation{
		op("status", false, func(context.Context, None) (Status, error) { return h.Status(), nil }),
		op("session.list", false, func(_ context.Context, f observe.Filter) ([]observe.Session, error) {
			return h.Sessions.List(f), nil
		}),
		op("session.show", false, func(_ context.Context, in SessionID) (*observe.Transcript, error) {
			return h.Sessions.Show(in.ID)
		}),
		op("ban.list", false, func(context.Context, None) ([]check.Watched, error) { return h.Guard.List(), nil }),
		op("ban.remove", true, func(_ context.Context, in Unban) (None, error) {
			addr, err := readAddr(in.Address)
			if err != nil {
				return None{}, err
			}
			if !h.Guard.Unban(addr) {
				return None{}, refusal("not_found", "admin.not_banned", "Address", in.Address)
			}
			return None{}, nil
		}),
	}
}
