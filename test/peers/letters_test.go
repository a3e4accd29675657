//go:build whole && others && linux

package peers

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/event"
	"posta/trace"
)

// session is a client's connection.
type session struct {
	w *world
	*textproto.Conn
}

// session begins one, as soon as the server has room for it.
func (w *world) session(addr string, auth bool) *session {
	w.t.Helper()
	var s *session
	w.until("a greeting", func() bool {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			w.t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(w.patience())) // a server that does not answer fails the test
		s = &session{w, textproto.NewConn(nc)}
		_, said, err := s.ReadResponse(220)
		if err != nil {
			_ = s.Close()
		}
		if _, busy := err.(*textproto.Error); err != nil && (!busy || !strings.HasPrefix(err.Error(), "421 ")) {
			w.t.Fatal(said, err)
		}
		return err == nil
	})
	w.t.Cleanup(func() { _ = s.Close() })
	s.cmd(250, "EHLO client.test")
	if auth {
		s.cmd(235, "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00"+pepe+"\x00"+secret)))
	}
	return s
}

func (s *session) cmd(code int, line string) {
	s.w.t.Helper()
	if err := s.PrintfLine("%s", line); err != nil {
		s.w.t.Fatal(err)
	}
	if _, said, err := s.ReadResponse(code); err != nil {
		s.w.t.Fatalf("%s: %s %v", line, said, err)
	}
}

// letter sends one, whose subject is its name.
func (s *session) letter(from, to, mail, rcpt, name string) {
	s.w.t.Helper()
	s.cmd(250, strings.TrimSpace("MAIL FROM:<"+from+"> "+mail))
	s.cmd(250, "RCPT TO:<"+to+"> "+rcpt)
	s.cmd(354, "DATA")
	s.cmd(250, "From: "+from+"\r\nSubject: "+name+"\r\n\r\n..x\r\n.")
}

// patience bounds a wait, which is for many letters.
func (w *world) patience() time.Duration { return patience * time.Duration(each()) / 250 }

// until waits for something that other programs do.
func (w *world) until(what string, so func() bool) {
	w.t.Helper()
	for end := time.Now().Add(w.patience()); !so(); time.Sleep(w.patience() / 1000) {
		if time.Now().After(end) {
			var all []admin.Queued
			w.call("queue.list", admin.QueuePick{Limit: 5}, &all)
			w.t.Fatalf("%s: it did not come to that; the queue: %+v", what, all)
		}
	}
}

// refused says that letters wait which were tried in vain.
func (w *world) refused() bool {
	w.t.Helper()
	var all []admin.Queued
	w.call("queue.list", admin.QueuePick{}, &all)
	for _, q := range all {
		if q.Tries > 0 && q.State == admin.QueueWaiting && q.Last != nil {
			return true
		}
	}
	return false
}

// subjects counts the different letters that an account has.
func (w *world) subjects(address string) int {
	w.t.Helper()
	var list []admin.Message
	w.call("message.list", admin.ByAddress{Address: address}, &list)
	all := map[string]bool{}
	for _, m := range list {
		all[m.Subject] = true
	}
	return len(all)
}

// subjects counts the different letters in the Maildir of the other server's pepe.
func (o *other) subjects(t *testing.T) int {
	t.Helper()
	all := map[string]bool{}
	letters, _ := o.whole(t)
	for _, text := range letters {
		_, rest, _ := strings.Cut(text, "\nSubject: ")
		name, _, _ := strings.Cut(rest, "\n")
		all[name] = true
	}
	return len(all)
}

// wants looks for fields in reports, whatever the case and blanks in them.
func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	plain := strings.NewReplacer("\r\n", "\n", "rfc822; ", "rfc822;").Replace(strings.ToLower(text))
	for _, part := range parts {
		if !strings.Contains(plain, strings.ToLower(part)) {
			t.Errorf("no %q in\n%s", part, brief(text))
		}
	}
}

// secured says that the last hop of a letter had TLS.
func secured(text string) bool {
	_, received, _ := strings.Cut(text, "Received: ")
	last, _, _ := strings.Cut(received, ";")
	return strings.Contains(strings.ToUpper(last), "WITH ESMTPS ")
}

// kept is what lies in the Maildir of the other server's pepe.
func (o *other) kept(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(o.dir, "mail", "pepe", "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

// whole are the letters that lie there complete, and torn those that do not.
// OpenSMTPD files what it had of a letter when it was stopped, and then the letter.
func (o *other) whole(t *testing.T) (whole, torn []string) {
	t.Helper()
	for _, text := range o.kept(t) {
		if strings.HasSuffix(text, "\n.x\n") {
			whole = append(whole, text)
		} else {
			torn = append(torn, text)
		}
	}
	return whole, torn
}

// clear empties it.
func (o *other) clear(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(o.dir, "mail", "pepe", "new")); err != nil {
		t.Fatal(err)
	}
}

// arrivedThere wants every letter that posta sent. One may be there twice when posta
// never heard that the other server had taken the first (RFC 1047): the copies are
// told apart by that server's ids, and posta has heard of one. It counts those.
func (w *world) arrivedThere(o *other) (twice int) {
	w.t.Helper()
	ids := regexp.MustCompile(`(?s)^.*?\bid ([\w-]+).*?\bid ([\w-]+)`)
	copies := map[string][]string{} // posta's id to the other's
	letters, torn := o.whole(w.t)
	if len(torn) > 0 {
		w.t.Logf("torn by the stop: %q", torn)
	}
	for _, text := range letters {
		id := ids.FindStringSubmatch(text)
		if id == nil {
			w.t.Fatalf("no ids in %s", text)
		}
		if !slices.Contains(copies[id[2]], id[1]) { // else the other server delivered it twice
			copies[id[2]] = append(copies[id[2]], id[1])
		}
	}
	stories := w.stories(copies)
	for id, all := range copies {
		story, told := stories[id]
		if !told && len(all) == 1 && len(copies) > 1000 { // posta tells no more stories at once
			continue
		}
		heard, unanswered := heardOf(story)
		known := 0
		for _, theirs := range all {
			known += strings.Count(heard, theirs)
		}
		if story.Status != event.Relayed || known != 1 || unanswered < len(all)-1 {
			w.t.Errorf("%s: its copies are %q, posta heard %q, and %d times nothing", id, all, heard, unanswered)
		}
		twice += len(all) - 1
	}
	return twice
}

// heardOf is what posta heard of a letter, and how often nothing, behind its end.
func heardOf(story trace.Story) (heard string, unanswered int) {
	for _, step := range story.Steps {
		if heard += step.Reply + "\n"; step.What == event.Delayed && strings.Contains(step.Reply, "no answer came") {
			unanswered++
		}
	}
	return heard, unanswered
}

// stories are those of the newest letters that posta sent, by its ids, and of all
// that came more than once.
func (w *world) stories(copies map[string][]string) map[string]trace.Story {
	w.t.Helper()
	all := map[string]trace.Story{}
	find := func(q trace.Query) {
		var found trace.Result
		w.call("trace", q, &found)
		for _, story := range found.Stories {
			all[story.ID] = story
		}
	}
	find(trace.Query{From: pepe, To: "pepe@bench.test"})
	for id, theirs := range copies {
		if _, known := all[id]; !known && len(theirs) > 1 {
			find(trace.Query{MessageID: id})
		}
	}
	return all
}

// arrivedBack wants every letter that the other server sent. One may be there twice
// when that server did not hear of the first: it writes down the ids that it heard.
func (w *world) arrivedBack(o *other) (twice int) {
	w.t.Helper()
	var list []admin.Message
	w.call("message.list", admin.ByAddress{Address: usuario}, &list)
	copies, log := map[string][]string{}, o.log()
	for _, m := range list {
		copies[m.Subject] = append(copies[m.Subject], m.Queue)
	}
	for i := range each() {
		name, heard := fmt.Sprint("back-", i, "."), 0
		all := copies[name]
		for _, id := range all {
			heard += strings.Count(log, "queued as "+id)
		}
		if len(all) == 0 || heard > 1 {
			w.t.Errorf("%s: its copies are %q, of which the other server heard %d", name, all, heard)
		}
		twice += max(0, len(all)-1)
	}
	return twice
}
