package sqldb

import (
	"encoding/json"
	"time"

	"posta/mail"
	"posta/store"
)

// beforeSaid is how much is kept of the words of a host that did not decide.
const beforeSaid = 200

// before is a store.Attempt among Attempt.Before, as it is kept.
type before struct {
	At      time.Time `json:"at"`
	Took    int64     `json:"took,omitempty"` // microseconds
	Host    string    `json:"host,omitempty"`
	Addr    string    `json:"addr,omitempty"`
	TLS     string    `json:"tls,omitempty"`
	Verb    string    `json:"verb,omitempty"`
	Code    int       `json:"code,omitempty"`
	Status  string    `json:"status,omitempty"`
	Text    string    `json:"text,omitempty"`
	Session uint64    `json:"session,omitempty"`
}

// beforeText is what is kept of the hosts that were asked before; "" of none.
func beforeText(all []store.Attempt) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	kept := make([]before, 0, store.MostBefore)
	for _, a := range all[max(0, len(all)-store.MostBefore):] {
		kept = append(kept, before{a.At.UTC(), a.Took.Microseconds(), clip(a.Host), clip(a.Addr), clip(a.TLS), clip(a.Verb), a.Code, a.Status.String(),
			clipTo(a.Text, beforeSaid), a.Session})
	}
	text, err := json.Marshal(kept)
	return string(text), err
}

// scanBefore reads it. What cannot be read tells nothing; the try's own row does.
func scanBefore(text string) []store.Attempt {
	var kept []before
	if text == "" || json.Unmarshal([]byte(text), &kept) != nil {
		return nil
	}
	all := make([]store.Attempt, 0, len(kept))
	for _, b := range kept {
		status, _ := mail.ParseStatus(b.Status) // "" for none
		all = append(all, store.Attempt{At: b.At, Took: time.Duration(b.Took) * time.Microsecond, Host: b.Host, Addr: b.Addr, TLS: b.TLS,
			Verb: b.Verb, Code: b.Code, Status: status, Text: b.Text, Session: b.Session})
	}
	return all
}
