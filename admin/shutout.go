package admin

import (
	"time"

	"posta/mail"
	"posta/queue"
)

// ShutOut is the log-in of a route that its host refuses.
type ShutOut struct {
	Route  string    `json:"route"` // its domain
	Host   string    `json:"host"`
	User   string    `json:"user"`
	Code   int       `json:"code,omitempty"`   // of the host's reply; 0 where it was not asked
	Status string    `json:"status,omitempty"` // of the reply
	Text   string    `json:"text"`             // the host's words, or posta's
	Since  time.Time `json:"since"`
	Last   time.Time `json:"last"` // when it was refused last
}

// ShowShutOut shows the log-ins of routes that are refused.
func ShowShutOut(all []queue.Denial) (out []ShutOut) {
	for _, d := range all {
		one := ShutOut{Route: d.Route, Host: d.Host, User: d.User, Code: d.Code, Text: mail.Shown(d.Text), Since: d.Since.UTC(), Last: d.Last.UTC()}
		if d.Status.Class != 0 {
			one.Status = d.Status.String()
		}
		out = append(out, one)
	}
	return out
}
