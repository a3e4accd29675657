package smtpserver

import (
	"testing"
	"testing/synctest"
	"time"
)

// Behind the final dot, and the last chunk, nothing waits for time to pass: who
// hears nothing for long sends the message again.
// rfc: 5321-6.1-8
func TestDotIsAnsweredAtOnce(t *testing.T) {
	for name, end := range map[string]string{
		"DATA": "C: DATA\nS: 354…\nC: Subject: x\nC: \nC: y\nC: .\nS: 250 2.0.0 OK: queued as…",
		"BDAT": "C: BDAT 14\nC: Subject: xyz\nS: 250…\nC: BDAT 0 LAST\nS: 250 2.0.0 OK: queued as…",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, nil)
				r.play("S: 220…\nC: HELO a\nS: 250…\nC: MAIL FROM:<a@b>\nS: 250…\nC: RCPT TO:<c@d>\nS: 250…")
				began := time.Now()
				r.play(end)
				if took := time.Since(began); took != 0 {
					t.Errorf("it took %v", took)
				}
				r.finish()
			})
		})
	}
}
