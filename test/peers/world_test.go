//go:build whole

package peers

import (
	"bytes"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/observe"
	"posta/server"
	"posta/test/serving"
)

// The people of every world, and what they type.
const (
	host    = "mail.posta.test"
	gorka   = "gorka@jaramillo.edu.ec"
	pepe    = "pepe@pepito.es" // of the default domain
	usuario = "usuario@servidor.es"
	marked  = "apop@pepito.es" // marked for APOP in the lab
	secret  = "clave-2026"
)

// world is a whole posta on ports of its own, and a folder for the clients.
type world struct {
	t     *testing.T
	house *server.House
	addrs map[string]string // of the listeners
	home  string            // the clients' home folder
	ca    string            // file with posta's certificate
	tell  func() string     // what went on, where house is nil
}

// start opens a world in which every listener has the mode.
func start(t *testing.T, mode string, changes ...func(*config.Config)) *world {
	t.Helper()
	cfg := config.Default()
	switch mode {
	case config.ModeLab:
		cfg = config.Lab()
	case config.ModeSink:
		cfg = config.Sink()
	}
	cfg.Hostname, cfg.DefaultDomain, cfg.Data = host, "pepito.es", t.TempDir()
	for i := range cfg.Listeners {
		cfg.Listeners[i].Addr = "127.0.0.1:0"
	}
	for _, change := range changes {
		change(cfg)
	}
	h, addrs, _ := serving.Start(t, cfg, server.Options{})
	w := &world{t: t, house: h, addrs: addrs, home: t.TempDir()}
	w.people(mode)
	w.trust(cfg.Data)
	return w
}

// in is the same world for a subtest, with empty mailboxes.
func (w *world) in(t *testing.T) *world {
	copied := *w
	copied.t = t
	for _, address := range []string{gorka, pepe, usuario} {
		copied.empty(address)
	}
	return &copied
}

// people fills the directory, unless it was opened again.
func (w *world) people(mode string) {
	var there []admin.Domain
	if w.call("domain.list", admin.None{}, &there); len(there) > 0 {
		return
	}
	for _, name := range []string{"jaramillo.edu.ec", "pepito.es", "servidor.es"} {
		w.call("domain.add", admin.DomainChange{Name: name}, nil)
	}
	password := secret
	for _, address := range []string{gorka, pepe, usuario} {
		w.call("account.add", admin.AccountChange{Address: address, Password: &password}, nil)
	}
	if mode == config.ModeLab {
		w.call("account.add", admin.AccountChange{Address: marked, Password: &password}, nil)
		w.call("account.set", admin.AccountChange{Address: marked, APOP: &password}, nil)
	}
}

// trust writes posta's certificate, without its key, where clients can read it.
func (w *world) trust(data string) {
	text, err := os.ReadFile(filepath.Join(data, "selfsigned.pem"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.ca = w.file("ca.pem", "")
	var all bytes.Buffer
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			_ = pem.Encode(&all, block) // a Buffer takes everything
		}
	}
	if err := os.WriteFile(w.ca, all.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// file writes a file into the clients' home folder; "" is a name of its own.
func (w *world) file(name, content string) string {
	if name == "" {
		folder, err := os.MkdirTemp(w.home, "message")
		if err != nil {
			w.t.Fatal(err)
		}
		name = filepath.Base(folder) + "/text"
	}
	path := filepath.Join(w.home, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// executable writes a program into the clients' home folder.
func (w *world) executable(name, content string) string {
	path := w.file(name, content)
	if err := os.Chmod(path, 0o700); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) call(operation string, in, out any) {
	w.t.Helper()
	if err := w.house.Operations().Call(w.t.Context(), operation, in, out); err != nil {
		w.t.Fatal(operation, err)
	}
}

// port is where a listener listens.
func (w *world) port(listener string) string {
	_, port, err := net.SplitHostPort(w.addrs[listener])
	if err != nil {
		w.t.Fatalf("listener %q: %v", listener, err)
	}
	return port
}

// inbox is every message of an account as it is kept.
func (w *world) inbox(address string) []string {
	w.t.Helper()
	var list []admin.Message
	w.call("message.list", admin.ByAddress{Address: address}, &list)
	var all []string
	for _, m := range list {
		var text strings.Builder
		w.call("message.export", admin.MessageID{Box: admin.Box{Address: address}, UID: m.UID}, &text)
		all = append(all, text.String())
	}
	return all
}

// empty deletes every message of an account.
func (w *world) empty(address string) {
	w.call("message.delete", admin.MessagesOf{Box: admin.Box{Address: address}, All: true}, nil)
}

// arrived wants exactly one message with this content in an inbox, behind what
// posta puts before; it gives the whole message and empties the inbox.
func (w *world) arrived(address, content string) string {
	w.t.Helper()
	all := w.inbox(address)
	w.empty(address)
	if len(all) != 1 {
		w.t.Fatalf("%s has %d messages, want 1\n%s", address, len(all), w.story())
	}
	if _, kept := prefix(all[0]); kept != content {
		w.t.Fatalf("%s has %s, want %s\n%s", address, brief(all[0]), brief(content), w.story())
	}
	return all[0]
}

// prefix cuts off the fields that posta puts before a message.
func prefix(message string) (before, rest string) {
	rest = message
	for {
		name, _, _ := strings.Cut(rest, ":")
		switch name {
		case "Return-Path", "Delivered-To", "Received":
		default:
			return message[:len(message)-len(rest)], rest
		}
		for more := true; more; more = strings.HasPrefix(rest, "\t") {
			if _, rest, more = strings.Cut(rest, "\r\n"); !more {
				return message, ""
			}
		}
	}
}

// brief shows the two ends of a text.
func brief(s string) string {
	if len(s) > 1200 {
		s = s[:600] + "[…]" + s[len(s)-600:]
	}
	return strings.ReplaceAll(strings.TrimSuffix(strings.ReplaceAll(quote(s), `\r\n`, "\\r\\n\n\t"), "\n\t"), "\n\t\"", `"`)
}

// story is what the latest sessions looked like from posta's side.
func (w *world) story() string {
	if w.house == nil {
		return w.tell()
	}
	var sessions []observe.Session
	if err := w.house.Operations().Call(w.t.Context(), "session.list", observe.Filter{}, &sessions); err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, s := range sessions[:min(len(sessions), 3)] { // the latest come first
		var transcript observe.Transcript
		if err := w.house.Operations().Call(w.t.Context(), "session.show", admin.SessionID{ID: s.ID}, &transcript); err != nil {
			continue
		}
		b.WriteString("posta's session on " + s.Listener + " (" + s.Reason + ")\n" + transcript.String())
	}
	story := b.String()
	if len(story) > 8000 {
		story = "[…]" + story[len(story)-8000:]
	}
	return story
}
