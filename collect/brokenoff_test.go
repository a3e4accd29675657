package collect_test

import (
	"testing"
	"testing/synctest"
	"time"

	"posta/collect"
	"posta/smtp/smtpclient"
)

// Only a provider that says QUIT has sent all that it has: what ends otherwise
// has failed, whatever came before.
func TestBrokenOff(t *testing.T) {
	letters := []string{"ana@north.example one\r\n", "eva@north.example two\r\n"}
	for name, tt := range map[string]struct {
		letters []string
		more    func(c *smtpclient.Client)
		want    string
	}{
		"at once":         {nil, func(c *smtpclient.Client) { _ = c.Close("killed") }, "the other side closed the connection"},
		"after two":       {letters, func(c *smtpclient.Client) { _ = c.Close("killed") }, "the other side closed the connection"},
		"silent":          {letters, func(*smtpclient.Client) { time.Sleep(time.Hour) }, "no answer in time"},
		"with a QUIT":     {letters, nil, ""},
		"a QUIT, at once": {nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{letters: tt.letters, more: tt.more}
				c := newCustomer(t, p.serve(t, true))
				e := atrn()
				e.Way, e.Every, e.Next = collect.TURN, time.Minute, time.Now().Add(time.Hour)
				e = c.add(t, e)
				r, _, err := c.Once(t.Context(), e.ID)
				if err != nil || r.Messages != len(tt.letters) || r.Failure != tt.want || r.Nothing != (tt.want == "" && tt.letters == nil) {
					t.Errorf("%+v %v", r, err)
				}
				if e, err = c.store.Entry(t.Context(), e.ID); err != nil || e.Slowed() != (tt.want != "") {
					t.Errorf("slowed: %+v %v", e, err)
				}
				time.Sleep(2 * time.Hour) // the silent one ends, too
				synctest.Wait()
			})
		})
	}
}

// One full mailbox is no reason to ask less often for everybody's mail.
func TestRefusedIsNotSlowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, (&provider{letters: []string{"ana@north.example FULL\r\n"}}).serve(t, true))
		e := atrn()
		e.Way, e.Every, e.Next = collect.TURN, time.Minute, time.Now()
		e = c.add(t, e)
		c.scheduled(t, e, time.Now(), 10*time.Minute)
		e, err := c.store.Entry(t.Context(), e.ID)
		said, away := e.Last.TurnedAway()
		if err != nil || !away || said != "452 4.2.2 Mailbox full" || e.Slowed() || c.calls() < 9 {
			t.Errorf("%d calls, %+v %v", c.calls(), e, err)
		}
	})
}
