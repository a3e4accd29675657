package pop3server

import (
	"context"
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
	"posta/mail"
	"posta/pop3"
	"posta/sasl/sasltest"
	"posta/store"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// rfc: 1939-7.USER-1 1939-7.PASS-1 1939-7.PASS-2 1939-7.PASS-3 1939-7.USER-5 1939-3-6
// rfc: 1939-5.DELE-2 1939-5.LIST-2 1939-5.NOOP-1 1939-5.RSET-1 1939-5.STAT-1 1939-5.RETR-2 1939-7.TOP-2 1939-7.UIDL-2 2595-2.2-3
func TestUserPass(t *testing.T) {
	dialogues := map[string]string{
		"log in, any case": `
			C: user pepe
			S: +OK …
			C: pass se cret
			S: +OK Maildrop has 1 message (6 octets)
			C: QUIT
			S: +OK Bye
			S!`,
		"whole address": `
			C: USER pepe@pepito.es
			S: +OK …
			C: PASS se cret
			S: +OK …`,
		"unknown name and wrong password are told alike": `
			C: USER nobody
			S: +OK Now the password, please
			C: PASS x
			S: -ERR [AUTH] Wrong user name or password
			C: USER pepe
			S: +OK Now the password, please
			C: PASS x
			S: -ERR [AUTH] Wrong user name or password`,
		"PASS without USER": `
			C: PASS se cret
			S: -ERR Say USER …`,
		"PASS after something else": `
			C: USER pepe
			S: +OK …
			C: UTF8
			S: +OK …
			C: PASS se cret
			S: -ERR Say USER …`,
		"PASS only once after USER": `
			C: USER pepe
			S: +OK …
			C: PASS wrong
			S: -ERR [AUTH] …
			C: PASS se cret
			S: -ERR Say USER …`,
		"a name corrected in the lab": `
			C: USER pep
			S: +OK …
			C: USER pepe
			S: +OK …
			C: PASS se cret
			S: +OK …`,
		"a typing error between USER and PASS": `
			C: USER pepe
			S: +OK …
			C: PSSA se cret
			S: -ERR Unknown command…
			C: PASS se cret
			S: +OK …`,
		"no second log-in": `
			C: USER pepe
			S: +OK …
			C: PASS se cret
			S: +OK …
			C: USER pepe
			S: -ERR You are logged in already
			C: AUTH PLAIN
			S: -ERR You are logged in already
			C: UTF8
			S: -ERR You are logged in already`,
		"commands of TRANSACTION come after the log-in": `
			C: STAT
			S: -ERR Log in first: …
			C: LIST
			S: -ERR Log in first: …
			C: RETR 1
			S: -ERR Log in first: …
			C: TOP 1 1
			S: -ERR Log in first: …
			C: DELE 1
			S: -ERR Log in first: …
			C: UIDL
			S: -ERR Log in first: …
			C: NOOP
			S: -ERR Log in first: …
			C: RSET
			S: -ERR Log in first: …`,
		"rubbish": `
			C: USER pe` + "\x00" + `pe
			S: -ERR Control characters are not allowed
			C: USER
			S: -ERR USER needs one argument: USER name
			C: USER pepe rest
			S: -ERR USER takes one argument
			C: LAST
			S: -ERR Unknown command…
			C: QUIT now
			S: -ERR QUIT takes no argument
			C: QUIT
			S: +OK …
			S!`,
	}
	for name, script := range dialogues {
		t.Run(name, func(t *testing.T) {
			dial(t, New(config(newDrops(letter{body: "a\r\nb\r\n"})))).play(script)
		})
	}
}

// rfc: 1939-7.APOP-1 1939-7.APOP-2 1939-7.APOP-3 1939-4-2 1939-13-1 2449-3-1
func TestAPOP(t *testing.T) {
	srv := New(config(newDrops()))
	seen := map[string]bool{}
	for range 3 {
		k := start(t, srv)
		stamp := string(pop3.Timestamp([]byte(k.line())))
		if !strings.HasSuffix(stamp, "@pop.pepito.es>") || seen[stamp] {
			t.Fatalf("timestamp %q, before it %v", stamp, seen)
		}
		seen[stamp] = true
		good := pop3.Digest(stamp, []byte("tanstaaf"))
		k.play("C: APOP mrose " + pop3.Digest(stamp, []byte("x")) + "\nS: -ERR [AUTH] …\n" +
			"C: APOP nobody " + pop3.Digest(stamp, nil) + "\nS: -ERR [AUTH] …\n" +
			"C: APOP mrose " + strings.ToUpper(good) + "\nS: -ERR [AUTH] …\n" +
			"C: USER mrose\nS: +OK …\nC: APOP mrose " + good + "\nS: -ERR After USER …\n" +
			"C: USER mrose\nS: +OK …\nC: PASS tanstaaf\nS: -ERR [AUTH] …\n" +
			"C: APOP mrose " + good + "\nS: +OK …\nC: QUIT\nS: +OK …\nS!")
		if strings.Contains(k.w.transcript(), good) {
			t.Error("the digest is in the transcript")
		}
	}
	cfg := config(newDrops())
	cfg.APOP = func() bool { return false }
	for _, mode := range []mail.Mode{mail.Lab, mail.Strict} {
		cfg.Mode = mode
		k := start(t, New(cfg))
		if g := k.line(); strings.Contains(g, "<") {
			t.Errorf("%v: greeting %q", mode, g)
		}
		k.play("C: APOP mrose 00\nS: -ERR Unknown command…")
	}
}

// Where the server begins an initial response is refused, also an empty one.
// rfc: 5034-4-9
func TestServerFirst(t *testing.T) {
	cfg := config(newDrops())
	cfg.Mechanisms = sasltest.Riddles{}
	k := dial(t, New(cfg))
	k.play(`
		C: AUTH RIDDLE QSBtYW4=
		S: -ERR The server begins in this mechanism; send no initial response
		C: AUTH RIDDLE =
		S: -ERR The server begins in this mechanism; send no initial response
		C: AUTH PLAIN AHBlcGUAc2UgY3JldA==
		S: -ERR Mechanism not offered…
		C: AUTH riddle
		S: + V2hhdCB3YWxrcz8=
		C: QSBtYW4=
		S: +OK …`)
}

// rfc: 5034-4-2 5034-4-3 5034-4-4 5034-4-6 5034-4-5 5034-4-10 5034-4-14 5034-4-20 5034-5-1
func TestAuth(t *testing.T) {
	plain := b64("\x00pepe\x00se cret")
	dialogues := map[string]string{
		"bare AUTH lists":   "C: AUTH\nS: +OK …\nS: SCRAM-SHA-256\nS: PLAIN\nS: LOGIN\nS: .",
		"initial response":  "C: AUTH PLAIN " + plain + "\nS: +OK …\nC: STAT\nS: +OK 0 0\nC: AUTH PLAIN " + plain + "\nS: -ERR You are …",
		"any case":          "C: auth plain " + plain + "\nS: +OK …",
		"empty challenge":   "C: AUTH PLAIN\nS: + \nC: " + plain + "\nS: +OK …",
		"LOGIN":             "C: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: " + b64("pepe") + "\nS: + UGFzc3dvcmQ6\nC: " + b64("se cret") + "\nS: +OK …",
		"LOGIN, name first": "C: AUTH login " + b64("pepe") + "\nS: + UGFzc3dvcmQ6\nC: " + b64("se cret") + "\nS: +OK …",
		"LOGIN, no name":    "C: AUTH LOGIN =\nS: -ERR Malformed …\nC: QUIT\nS: +OK …",
		"cancel":            "C: AUTH PLAIN\nS: + \nC: *\nS: -ERR Cancelled\nC: AUTH PLAIN " + plain + "\nS: +OK …",
		"wrong":             "C: AUTH PLAIN " + b64("\x00pepe\x00x") + "\nS: -ERR [AUTH] …\nC: USER pepe\nS: +OK …\nC: PASS se cret\nS: +OK …",
		"no base64":         "C: AUTH PLAIN a=b\nS: -ERR The initial …\nC: AUTH PLAIN\nS: + \nC: ====\nS: -ERR Malformed …\nC: AUTH\nS: +OK …",
		"equals sign":       "C: AUTH PLAIN =\nS: -ERR Malformed …",
		"no such mechanism": "C: AUTH CRAM-MD5\nS: -ERR Mechanism not offered…\nC: AUTH SCRAM-SHA-256-PLUS\nS: -ERR Mechanism …",
		"too long a line":   "C: AUTH PLAIN\nS: + \nC: " + strings.Repeat("A", 13000) + "\nS: -ERR Log-in failed: Line too long\nC: QUIT\nS: +OK …",
		"long but allowed":  "C: AUTH PLAIN\nS: + \nC: " + strings.Repeat("AAAA", 3000) + "\nS: -ERR …\nC: QUIT\nS: +OK …",
	}
	for name, script := range dialogues {
		t.Run(name, func(t *testing.T) {
			k := dial(t, New(config(newDrops())))
			k.play(script)
			for _, secret := range []string{plain, b64("se cret"), b64("pepe"), "AAAAAAAA"} {
				if strings.Contains(k.w.transcript(), secret) {
					t.Errorf("%q is in the transcript", secret)
				}
			}
		})
	}
}

// rfc: 5034-4-22 5034-4-23 2595-2.2-1 2595-2.3-1 2595-6-1 2595-9-2 2595-9-4 1939-7.USER-6
func TestStrictInTheClear(t *testing.T) {
	cfg := config(newDrops())
	cfg.Mode, cfg.TLS = mail.Strict, serverTLS(t)
	k := dial(t, New(cfg))
	k.play(`
		C: USER pepe
		S: -ERR Passwords travel under TLS only; say STLS first
		C: PASS se cret
		S: -ERR [AUTH] Passwords travel under TLS only; say STLS first
		C: AUTH
		S: -ERR [AUTH] Passwords …
		C: AUTH PLAIN AGEAYg==
		S: -ERR [AUTH] Passwords …
		C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
		S: -ERR Unknown command
		C: CAPA
		S: +OK …
		S: TOP
		S: UIDL
		S: STLS
		S: UTF8 USER
		S: RESP-CODES
		S: AUTH-RESP-CODE
		S: PIPELINING
		S: EXPIRE NEVER
		S: LOGIN-DELAY 0
		S: IMPLEMENTATION posta-1.0
		S: .`)
	for _, secret := range []string{"se cret", "AGEAYg==", "c4c9334"} {
		if strings.Contains(k.w.transcript(), secret) {
			t.Errorf("%q is in the transcript:\n%s", secret, k.w.transcript())
		}
	}
}

// Whatever is said out of turn before the log-in may be a password.
func TestMasks(t *testing.T) {
	k := dial(t, New(config(newDrops())))
	k.play("C: PSSA topsecret\nS: -ERR …\nC: dG9wc2VjcmV0\nS: -ERR …\nC: USER pepe topsecret\nS: -ERR …\nC: PASS\ttopsecret\nS: -ERR …\n" +
		"C: PASS " + strings.Repeat("topsecret", 40) + "\nS: -ERR Line too long\nC: USER pepe\nS: +OK …\nC: PASS topsecret\nS: -ERR [AUTH] …\nC: QUIT\nS: +OK …\nS!")
	for _, secret := range []string{"topsecret", "dG9wc2VjcmV0"} {
		if strings.Contains(k.w.transcript(), secret) {
			t.Errorf("%q is in the transcript:\n%s", secret, k.w.transcript())
		}
	}
	for _, f := range facts[event.Refused](k.w) {
		if strings.Contains(f.Verb+f.Reply, "secret") {
			t.Errorf("fact %+v", f)
		}
	}
	if got := facts[event.Authenticated](k.w); len(got) != 1 || got[0].OK || got[0].User != "pepe" || got[0].Mechanism != "USER" {
		t.Errorf("facts %+v", got)
	}
}

// guard counts and holds back.
type guard struct {
	wait    time.Duration
	banned  time.Time
	results []bool
}

func (g *guard) LoginResult(remote netip.Addr, user string, ok bool) (time.Duration, time.Time) {
	if remote.String() != "192.0.2.1" || user != "pepe" {
		return time.Hour, time.Time{}
	}
	g.results = append(g.results, ok)
	return g.wait, g.banned
}

// rfc: 1939-4-5
func TestThreeFailuresEndAStrictSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guard{wait: 5 * time.Second, banned: time.Now().Add(time.Hour)}
		cfg := config(newDrops())
		cfg.Mode, cfg.TLS, cfg.ImplicitTLS, cfg.Guard = mail.Strict, serverTLS(t), true, g
		k := dialTLS(t, New(cfg))
		begin := time.Now()
		k.play("C: USER pepe\nS: +OK …\nC: PASS x\nS: -ERR [AUTH] …\nC: AUTH PLAIN " + b64("\x00pepe\x00x") + "\nS: -ERR [AUTH] …\n" +
			"C: USER pepe\nS: +OK …\nC: PASS x\nS: -ERR [AUTH] …\nS!")
		if took := time.Since(begin); took != 15*time.Second || k.w.reason != "refused: too many failed log-ins" {
			t.Errorf("three failures took %v, reason %q", took, k.w.reason)
		}
		if got := facts[event.Banned](k.w); len(got) != 3 || got[0].User != "pepe" || !got[0].Until.Equal(g.banned) {
			t.Errorf("facts %+v", got)
		}
		k = dialTLS(t, New(cfg))
		k.login()
		if len(g.results) != 4 || !g.results[3] {
			t.Errorf("guard was told %v", g.results)
		}
		cfg = config(newDrops())
		cfg.Guard = g
		k = dial(t, New(cfg))
		for range 5 { // the lab forgives
			k.play("C: USER pepe\nS: +OK …\nC: PASS x\nS: -ERR [AUTH] …")
		}
		if len(g.results) != 4 {
			t.Error("the lab asked the guard")
		}
	})
}

// rfc: 5034-4-15 5034-4-16 2595-6-3
func TestNames(t *testing.T) {
	long := strings.Repeat("n", 255)
	for name, want := range map[string]string{
		"pepe":           "+OK …",
		"pe\u00adpe":     "+OK …", // SASLprep maps a soft hyphen to nothing
		"\u00ad":         "-ERR …",
		"pe\ue000pe":     "-ERR [AUTH] …", // private use is prohibited
		"pepe@pepito.es": "+OK …",
		long:             "+OK …",
	} {
		k := dial(t, New(config(newDrops())))
		k.play("C: AUTH PLAIN\nS: + \nC: " + b64("\x00"+name+"\x00se cret") + "\nS: " + want + "\nC: QUIT\nS: +OK …\nS!")
		if len(name) > 200 {
			continue
		}
		k = dial(t, New(config(newDrops())))
		k.play("C: USER " + name + "\nS: +OK …\nC: PASS se cret\nS: " + want)
	}
	k := dial(t, New(config(newDrops())))
	k.play("C: APOP pe\ue000pe 00\nS: -ERR [AUTH] …")
}

func TestPauseEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	pause(ctx, time.Hour)
	pause(context.Background(), -1)
}

func TestPersona(t *testing.T) {
	cfg := config(newDrops(letter{body: "x\r\n"}))
	cfg.Persona = "hmailserver"
	k := start(t, New(cfg))
	k.play("S: +OK POP3 <…\nC: USER pepe\nS: +OK Send your password\nC: PASS no\nS: -ERR [AUTH] Invalid …\nC: USER pepe\nS: +OK …\n" +
		"C: PASS se cret\nS: +OK Mailbox locked and ready\nC: DELE 1\nS: +OK msg deleted\nC: DELE 2\nS: -ERR No such message\nC: RSET\nS: +OK …\nC: QUIT\nS: +OK POP3 …")
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{"pepe": "pepe", "a\x1b[31mb\r\n": "a?[31mb??", "ñ": "ñ", "\xff": "\ufffd"} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
	if got := printable(strings.Repeat("ñ", 200)); len(got) > 110 {
		t.Errorf("%d octets", len(got))
	}
}

var _ store.Maildrops = (*drops)(nil)
