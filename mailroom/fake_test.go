package mailroom

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/directory"
	"posta/directory/directorytest"
	"posta/event"
	"posta/mail"
	"posta/store"
)

// box is what the fake store holds of one message.
type box struct {
	account int64
	octets  string // prefix and body
	traits  store.Traits
	queue   string
}

// leaves is what the fake store holds of a message that leaves.
type leaves struct {
	store.Outgoing
	octets string // prefix and body
}

// memory is a store.Mail that keeps all in memory.
type memory struct {
	mu         sync.Mutex
	boxes      []box
	out        []leaves
	settled    []store.Settlement
	blobs      []string
	expansions []store.Expansion
	used       map[int64]int64
	quota      map[int64]int64
	fail       error // what File answers
	drafts     int   // not ended yet
	files      int   // transactions
	failAt     int   // the transaction that fails; 0: none
	lastID     int64
}

type draft struct {
	m    *memory
	b    bytes.Buffer
	over bool
	fail error
}

func (m *memory) Draft(int64) store.Draft {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drafts++
	return &draft{m: m}
}

func (d *draft) Write(p []byte) (int, error) {
	if d.over {
		panic("write into an ended draft")
	}
	if d.fail != nil {
		return 0, d.fail
	}
	return d.b.Write(p)
}
func (d *draft) Size() int64 { return int64(d.b.Len()) }
func (d *draft) Discard() {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	d.end()
}

func (d *draft) end() {
	if d.over {
		panic("a draft ended twice")
	}
	d.over = true
	d.m.drafts--
}

// File makes all filings true or none.
func (m *memory) File(ctx context.Context, filings ...store.Filing) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files++
	for _, f := range filings {
		if f.Draft != nil {
			defer f.Draft.(*draft).end()
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.fail != nil {
		return m.fail
	}
	if m.files == m.failAt {
		return errors.New("disk")
	}
	more := map[int64]int64{}
	for _, f := range filings {
		for _, d := range f.To {
			more[d.Account] += int64(len(d.Prefix) + len(m.body(f)))
			if q := m.quota[d.Account]; q > 0 && m.used[d.Account]+more[d.Account] > q {
				return fmt.Errorf("account %d: %w", d.Account, store.ErrQuota)
			}
		}
	}
	for id, n := range more {
		m.used[id] += n
	}
	for _, f := range filings {
		m.keep(f)
	}
	return nil
}

func (m *memory) body(f store.Filing) string {
	switch {
	case f.Draft != nil:
		return f.Draft.(*draft).b.String()
	case f.Blob == 0:
		return ""
	}
	return m.blobs[f.Blob-1]
}

func (m *memory) keep(f store.Filing) {
	m.settled = append(m.settled, f.Settle...)
	if f.Draft == nil && f.Blob == 0 {
		return // nothing but settlements
	}
	body := m.body(f)
	for _, o := range f.Out {
		m.out = append(m.out, leaves{o, string(o.Prefix) + body})
	}
	for i, d := range f.To {
		m.boxes = append(m.boxes, box{d.Account, string(d.Prefix) + body, f.Traits, f.ID})
		f.To[i].UID = uint32(len(m.boxes)) // a number of all mailboxes together does here
	}
	for _, e := range f.Later {
		m.blobs = append(m.blobs, body)
		m.lastID++
		e.ID, e.Blob = m.lastID, store.Blob(len(m.blobs))
		m.expansions = append(m.expansions, e)
	}
	if s := f.Step; s != nil {
		i := slices.IndexFunc(m.expansions, func(e store.Expansion) bool { return e.ID == s.ID })
		m.expansions[i].After = s.After
		if s.Done {
			m.expansions = slices.Delete(m.expansions, i, i+1)
		}
	}
}

func (m *memory) Usage(ctx context.Context, account int64) (store.Usage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return store.Usage{Bytes: m.used[account]}, ctx.Err()
}

func (m *memory) Expansions(_ context.Context, limit int) ([]store.Expansion, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.expansions[:min(limit, len(m.expansions))]), nil
}

// heard is what the room's watchers are told.
type heard struct {
	mu    sync.Mutex
	facts []any
}

func (h *heard) Wants(uint64, event.Layer, event.Part) bool { return false }

func (h *heard) Emit(e *event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.Conn != 0 || e.Kind != event.State || e.Time.IsZero() {
		panic("the room has no connection")
	}
	h.facts = append(h.facts, e.Fact)
}

// house is a Room with people in it.
type house struct {
	t     testing.TB
	room  *Room
	store *memory
	rows  directory.Store
	ids   map[string]int64 // accounts by address
	now   time.Time
}

func newHouse(t testing.TB, change ...func(*Config)) *house {
	h := &house{t: t, rows: directorytest.New(), ids: map[string]int64{}, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 3600)),
		store: &memory{used: map[int64]int64{}, quota: map[int64]int64{}}}
	ctx := t.Context()
	for _, d := range []string{"pepito.es", "servidor.es", "jaramillo.edu.ec"} {
		if _, err := h.rows.AddDomain(ctx, directory.Domain{Name: d, Plus: true}); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range []string{"pepe@pepito.es", "ana@pepito.es", "usuario@servidor.es", "gorka@jaramillo.edu.ec"} {
		h.account(a, 0)
	}
	d, err := directory.New(h.rows, directory.Options{Cost: directory.Cost{Memory: 8, Time: 1, Iterations: 1}, ExpandNow: 3})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	cfg := Config{Hostname: "mx.pepito.es", Directory: d, Store: h.store, Now: func() time.Time { return h.now },
		NewID: func() string { n++; return fmt.Sprintf("id%d", n) }, Trouble: func(err error) { t.Errorf("trouble: %v", err) }}
	for _, f := range change {
		f(&cfg)
	}
	h.room = New(cfg)
	return h
}

func (h *house) account(address string, quota int64) {
	h.t.Helper()
	local, domain := directory.Split(address)
	a, err := h.rows.AddAccount(context.Background(), directory.Account{Address: address, Local: local, Domain: domain, Quota: quota}, directory.Credentials{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.ids[address] = a.ID
	if quota > 0 {
		h.store.quota[a.ID] = quota
	}
}

func (h *house) list(address string, kind directory.ListKind, owner string, members ...string) int64 {
	h.t.Helper()
	l, err := h.rows.AddList(h.t.Context(), directory.List{Address: address, Kind: kind, Owner: owner, Name: "A list"})
	if err == nil {
		_, err = h.rows.AddMembers(h.t.Context(), l.ID, members)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return l.ID
}

func (h *house) alias(address string, targets ...string) {
	h.t.Helper()
	if _, err := h.rows.AddAlias(h.t.Context(), directory.Alias{Address: address, Targets: targets}); err != nil {
		h.t.Fatal(err)
	}
}

// got gives what an account received.
func (h *house) got(address string) []string {
	var out []string
	for _, b := range h.store.boxes {
		if b.account == h.ids[address] {
			out = append(out, b.octets)
		}
	}
	return out
}

// login is an Origin's Login.
func (h *house) login(address string) mail.Login {
	return mail.Login{Account: h.ids[address], Address: address}
}

// mx is a strict peer on port 25.
func mx() mail.Origin {
	return mail.Origin{Session: 1, Listener: "smtp", Remote: netip.MustParseAddrPort("192.0.2.1:4000"), Helo: "client.example.net", ESMTP: true}
}

func lab() mail.Origin {
	o := mx()
	o.Mode, o.ESMTP = mail.Lab, false
	return o
}

func (h *house) submission(address string) mail.Origin {
	o := mx()
	o.Service, o.Listener, o.TLS, o.Login = mail.Submission, "submission", "TLSv1.3 TLS_AES_128_GCM_SHA256", h.login(address)
	return o
}

func addr(s string) mail.Address {
	if s == "" {
		return mail.Address{}
	}
	if s == "postmaster" {
		return mail.Address{Local: s}
	}
	a, err := mail.ParseAddress(s)
	if err != nil {
		panic(err)
	}
	return a
}

// send brings a message in, in pieces of n octets; 0 for one piece.
func (h *house) send(o mail.Origin, env mail.Envelope, msg string, n int, to ...mail.Recipient) (mail.Receipt, error) {
	l, err := h.room.Begin(h.t.Context(), o, env)
	if err != nil {
		return mail.Receipt{}, err
	}
	defer l.Abort()
	for _, r := range to {
		if err := l.Rcpt(h.t.Context(), r); err != nil {
			return mail.Receipt{}, err
		}
	}
	for p := []byte(msg); len(p) > 0; {
		k := len(p)
		if n > 0 {
			k = min(n, k)
		}
		piece := bytes.Clone(p[:k])
		if _, err := l.Write(piece); err != nil {
			break // the peer goes on, Commit answers
		}
		clear(piece) // lent for the call
		p = p[k:]
	}
	r, err := l.Commit(h.t.Context())
	h.ended()
	return r, err
}

// ended says that no draft was forgotten.
func (h *house) ended() {
	h.t.Helper()
	if h.store.drafts != 0 {
		h.t.Errorf("%d drafts have not ended", h.store.drafts)
	}
}

func rcpts(addresses ...string) []mail.Recipient {
	out := make([]mail.Recipient, len(addresses))
	for i, a := range addresses {
		out[i] = mail.Recipient{To: addr(a)}
	}
	return out
}

// reply gives "550 5.1.1" of an error, "" of none.
func reply(err error) string {
	var e *mail.Error
	if err == nil {
		return ""
	}
	if !errors.As(err, &e) {
		return "no mail.Error: " + err.Error()
	}
	for _, c := range e.Text {
		if c < ' ' || c > '~' {
			return "reply is not plain: " + e.Text
		}
	}
	return fmt.Sprintf("%d %s", e.Code, e.Status)
}

func wantReply(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := reply(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}

func lines(s ...string) string { return strings.Join(s, "\r\n") + "\r\n" }

// directoryDomain adds a domain with a limit and gives an address in it.
func directoryDomain(t *testing.T, h *house, name string, limit int64) string {
	t.Helper()
	if _, err := h.rows.AddDomain(t.Context(), directory.Domain{Name: name, MaxMessage: limit}); err != nil {
		t.Fatal(err)
	}
	return "u@" + name
}
