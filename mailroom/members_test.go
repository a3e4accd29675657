package mailroom

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"posta/directory"
	"posta/dsn"
	"posta/mail"
)

// Of the members of a list without an owner who don't get a message its sender hears,
// as of the list's, and no more than he asked for.
func TestOwnerlessListTellsSender(t *testing.T) {
	for _, tt := range []struct {
		name, list string
		notify     mail.Notify
		want       string
	}{
		{"a list", "lista", 0, "x@shut.example 5.1.10, lleno 5.2.2"},
		{"a long list", "larga", 0, "lleno 5.2.2, x@shut.example 5.1.10, nadie 5.1.1"},
		{"who wants no report", "lista", mail.NotifyNever, ""},
		{"success only", "lista", mail.NotifySuccess, ""},
		{"a long list, who wants no report", "larga", mail.NotifyNever, ""},
		{"a long list, success only", "larga", mail.NotifySuccess, ""},
		{"a long list, failure", "larga", mail.NotifyFailure, "lleno 5.2.2, x@shut.example 5.1.10, nadie 5.1.1"},
	} {
		h, g := open(t)
		g.shut["shut.example"] = mail.Refuse(556, "5.1.10", "The domain takes no mail")
		h.account("lleno@pepito.es", 10)
		h.list("lista@pepito.es", directory.Public, "", "ana@pepito.es", "x@shut.example", "lleno@pepito.es")
		h.list("larga@pepito.es", directory.Public, "", "ana@pepito.es", "gorka@jaramillo.edu.ec", "nadie@pepito.es", "x@shut.example", "lleno@pepito.es")
		to := mail.Recipient{To: addr(tt.list + "@pepito.es"), Notify: tt.notify}
		if _, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es"), EnvID: "e1"}, plain, 0, to); err != nil {
			t.Fatal(err)
		}
		if err := h.room.expandAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, msg := range h.got("pepe@pepito.es") {
			r, err := dsn.Parse([]byte(msg))
			if err != nil || r.Recipients[0].Action != dsn.Failed {
				continue
			}
			text := strings.Join(strings.Fields(msg), " ")
			if !strings.Contains(text, "which you sent to the mailing list "+to.To.String()+".") || strings.Contains(text, "as the owner") {
				t.Errorf("%s: he reads %s", tt.name, msg)
			}
			for _, d := range r.Recipients {
				got = append(got, strings.NewReplacer("rfc822;", "", "@pepito.es", "").Replace(d.Final)+" "+d.Status.String())
			}
		}
		if !sameSet(strings.Join(got, ", "), tt.want) {
			t.Errorf("%s: told of %q, not %q", tt.name, got, tt.want)
		}
		if r := h.reportIn("pepe@pepito.es"); r != nil && (r.EnvID != "e1" || r.Recipients[0].Action == dsn.Failed && r.Recipients[0].Original != "rfc822;"+tt.list+"@pepito.es" ||
			r.Recipients[0].Action != dsn.Failed && (r.Recipients[0].Action != dsn.Expanded || tt.notify != mail.NotifySuccess)) {
			t.Errorf("%s: %+v", tt.name, r)
		}
		if len(h.got("ana@pepito.es")) != 1 {
			t.Errorf("%s: %+v", tt.name, h.store.boxes)
		}
	}
}

// A full member of several lists that get one message is told of to whom each list's
// members are told of; who asked for success hears that a list without owner was expanded.
func TestFullMemberOfSeveral(t *testing.T) {
	of := regexp.MustCompile(`mailing\s+list\s+(\w)@`)
	for _, tt := range []struct{ to, want string }{
		{"a b", "a ana, b gorka"}, {"b a c", "b gorka, a ana, c pepe, expanded c"}, {"c d", "c pepe, d pepe, expanded c, expanded d"},
		{"a a b", "a ana, b gorka"}, {"a c lleno", "a ana, expanded c, failed lleno"},
	} {
		h := newHouse(t)
		h.account("lleno@pepito.es", 10)
		for name, owner := range map[string]string{"a": "ana@pepito.es", "b": "gorka@jaramillo.edu.ec", "c": "", "d": ""} {
			h.list(name+"@pepito.es", directory.Public, owner, "usuario@servidor.es", "lleno@pepito.es")
		}
		var to []mail.Recipient
		for name := range strings.FieldsSeq(tt.to) {
			n := mail.NotifyFailure
			if name == "c" || name == "d" {
				n |= mail.NotifySuccess
			}
			to = append(to, mail.Recipient{To: addr(name + "@pepito.es"), Notify: n})
		}
		if _, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, plain, 0, to...); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, reader := range []string{"ana@pepito.es", "gorka@jaramillo.edu.ec", "pepe@pepito.es"} {
			for _, msg := range h.got(reader) {
				r, err := dsn.Parse([]byte(msg))
				if err != nil {
					t.Fatal(err)
				}
				list := of.FindStringSubmatch(msg)
				for _, d := range r.Recipients {
					name, _, _ := strings.Cut(strings.TrimPrefix(d.Final, "rfc822;"), "@")
					if list == nil {
						got = append(got, fmt.Sprintf("%s %s", d.Action, name))
					} else {
						reader, _, _ := strings.Cut(reader, "@")
						got = append(got, list[1]+" "+reader)
					}
				}
			}
		}
		if !sameSet(strings.Join(got, ", "), tt.want) {
			t.Errorf("%s: told %q, not %q", tt.to, got, tt.want)
		}
	}
}

// sameSet says that both have the same parts between commas, in whatever order.
func sameSet(a, b string) bool {
	for _, part := range strings.Split(a, ", ") {
		if !strings.Contains(", "+b+",", ", "+part+",") {
			return false
		}
	}
	return len(a) == len(b)
}

// The queue's report on a member of a list without an owner says to who wrote to the
// list that it is about a member.
func TestQueueReportsOfOwnerlessList(t *testing.T) {
	h := newHouse(t)
	h.list("lista@pepito.es", directory.Public, "", "nadie@far.example")
	rep := &dsn.Report{To: addr("ana@pepito.es"), Date: h.now, MTA: "mx.pepito.es", Header: []byte("Delivered-To: lista@pepito.es\r\nSubject: Hi\r\n"), Recipients: []dsn.Recipient{
		{Final: "rfc822;nadie@far.example", Action: dsn.Failed, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}}}}
	if err := h.room.Report(t.Context(), rep); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(strings.Join(h.got("ana@pepito.es"), "")), " ")
	if !strings.Contains(got, "which you sent to the mailing list lista@pepito.es.") || !strings.Contains(got, "nadie@far.example is a member of the list.") {
		t.Error(got)
	}
}

// Who is known, or asked for failures, hears that a list behind the address was barred
// to him, without its name; a stranger who asked nothing does not, nor does anybody
// of what a person's mailbox sends on to.
func TestBarredIsTold(t *testing.T) {
	for _, tt := range []struct {
		name, to string
		known    bool
		notify   mail.Notify
		want     string
	}{
		{"known", "dos", true, 0, "failed dos 5.7.1"},
		{"known, failure", "dos", true, mail.NotifyFailure, "failed dos 5.7.1"},
		{"known, both", "dos", true, mail.NotifyFailure | mail.NotifySuccess, "failed dos 5.7.1"},
		{"known, success", "dos", true, mail.NotifySuccess, "delivered dos 2.0.0"},
		{"known, never", "dos", true, mail.NotifyNever, ""},
		{"a stranger", "dos", false, 0, ""},
		{"a stranger, failure", "dos", false, mail.NotifyFailure, "failed dos 5.7.1"},
		{"a forward beside the mailbox", "luis", true, mail.NotifyFailure, ""},
	} {
		h := newHouse(t)
		h.list("club@pepito.es", directory.Members, "gorka@jaramillo.edu.ec", "usuario@servidor.es")
		h.alias("dos@pepito.es", "club@pepito.es", "ana@pepito.es")
		h.account("luis@pepito.es", 0)
		h.forward("luis@pepito.es", true, "club@pepito.es")
		o := mx()
		if tt.known {
			o = h.submission("pepe@pepito.es")
		}
		to := mail.Recipient{To: addr(tt.to + "@pepito.es"), Notify: tt.notify}
		if _, err := h.send(o, mail.Envelope{From: addr("pepe@pepito.es")}, plain, 0, to, to); err != nil {
			t.Fatal(err)
		}
		var got []string
		text := strings.Join(h.got("pepe@pepito.es"), "")
		if r := h.reportIn("pepe@pepito.es"); r != nil {
			for _, d := range r.Recipients {
				got = append(got, fmt.Sprintf("%s %s %s", d.Action, strings.NewReplacer("rfc822;", "", "@pepito.es", "").Replace(d.Final), d.Status))
			}
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %q, not %q", tt.name, got, tt.want)
		}
		if said := strings.Contains(text, "to a mailing list") || strings.Contains(text, "a mailing list is behind"); said != (tt.want != "") || strings.Contains(text, "club@") {
			t.Errorf("%s: %s", tt.name, text)
		}
	}
}

// So is whoever else behind an alias does not get it, one here that nobody has or one
// elsewhere, by his address; of what a postmaster's other reader has got nobody is told.
func TestTurnedIsTold(t *testing.T) {
	for _, tt := range []struct {
		to     string
		known  bool
		notify mail.Notify
		want   string
	}{
		{"dos", true, 0, "failed nadie@pepito.es 5.1.1, failed x@shut.example 5.7.1"},
		{"dos", true, mail.NotifyFailure | mail.NotifySuccess, "failed nadie@pepito.es 5.1.1, failed x@shut.example 5.7.1, expanded dos@pepito.es 2.0.0"},
		{"dos", true, mail.NotifySuccess, "expanded dos@pepito.es 2.0.0"},
		{"dos", true, mail.NotifyNever, ""},
		{"dos", false, 0, ""},
		{"postmaster", true, mail.NotifyFailure, ""},
		{"luis", true, mail.NotifyFailure, ""},
		{"eva", true, mail.NotifySuccess, "expanded eva@pepito.es 2.0.0"},
	} {
		h, g := open(t)
		g.shut["shut.example"] = mail.Refuse(550, "5.7.1", "no way")
		h.alias("dos@pepito.es", "ana@pepito.es", "gorka@jaramillo.edu.ec", "nadie@pepito.es", "x@shut.example")
		h.alias("postmaster@pepito.es", "x@shut.example")
		h.account("luis@pepito.es", 0)
		h.forward("luis@pepito.es", true, "x@shut.example")
		h.account("eva@pepito.es", 0)
		h.forward("eva@pepito.es", true, "ana@pepito.es")
		o := mx()
		if tt.known {
			o = h.submission("usuario@servidor.es")
		}
		to := mail.Recipient{To: addr(tt.to + "@pepito.es"), Notify: tt.notify}
		if _, err := h.send(o, mail.Envelope{From: addr("usuario@servidor.es")}, plain, 0, to, to); err != nil {
			t.Fatal(err)
		}
		var got []string
		if r := h.reportIn("usuario@servidor.es"); r != nil {
			for _, d := range r.Recipients {
				got = append(got, fmt.Sprintf("%s %s %s", d.Action, strings.TrimPrefix(d.Final, "rfc822;"), d.Status))
			}
		}
		slices.Sort(got[:min(2, len(got))])
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s, %v, %v: %q, not %q", tt.to, tt.known, tt.notify, got, tt.want)
		}
		all := strings.Join(h.got("usuario@servidor.es"), "")
		if kept := strings.Contains(all, "  eva@pepito.es: it was delivered to the mailbox, and sent on as well.\r\n"); kept != (tt.to == "eva") {
			t.Errorf("%s: %s", tt.to, all)
		}
	}
}

// A report that nobody gets is told of the message that it is about, and why.
func TestReportUnsent(t *testing.T) {
	var told heard
	h, g := open(t, func(c *Config) { c.Sink = &told })
	g.shut["far.example"] = mail.Refuse(550, "5.7.1", "A lab sends to the hosts of its routes only.")
	for to, why := range map[string]string{"x@far.example": "A lab sends to the hosts of its routes only", "gone@pepito.es": "No such user here"} {
		told.facts = nil
		rep := &dsn.Report{To: addr(to), About: "q1", Lab: true, Date: h.now, MTA: "mx.pepito.es", Recipients: []dsn.Recipient{
			{Final: "rfc822;nadie@far.example", Action: dsn.Failed, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}}}}
		if err := h.room.Report(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("[{q1 false The report on this message could not be sent to its sender: %s [{nadie@far.example %s}]}]", why, to)
		if got := fmt.Sprint(told.facts); got != want {
			t.Errorf("told %s, not %s", got, want)
		}
	}
}

// What cannot go to a sender of here goes to the postmaster, once and with the header only;
// of a delay, or of who is elsewhere, he is not told, nor by a report that cannot go to
// himself.
func TestReportInstead(t *testing.T) {
	for _, tt := range []struct {
		to, why string
		action  dsn.Action
		list    string
		told    bool
	}{
		{"gone@pepito.es", "No such user here", dsn.Failed, "", true},
		{"lleno@pepito.es", "The mailbox is full", dsn.Failed, "", true},
		{"lleno@pepito.es", "The mailbox is full", dsn.Failed, "libre@pepito.es", true},
		{"SRS0=x=y=far.example=z@pepito.es", "No such user here: this server has made no such address for reports", dsn.Failed, "", true},
		{"lleno@pepito.es", "The mailbox is full", dsn.Delayed, "", false},
		{"x@shut.example", "no way", dsn.Failed, "", false},
		{"postmaster@pepito.es", "", dsn.Failed, "", true}, // his own
		{"lleno@otro.es", "The mailbox is full", dsn.Failed, "", false},
		{"postmaster@otro.es", "The mailbox is full", dsn.Failed, "", false},
	} {
		var told heard
		h, g := open(t, func(c *Config) { c.Sink = &told })
		g.shut["shut.example"] = mail.Refuse(550, "5.7.1", "no way.")
		h.domain(directory.Domain{Name: "otro.es"})
		h.account("lleno@pepito.es", 1)
		h.account("lleno@otro.es", 1)
		h.alias("postmaster@otro.es", "lleno@otro.es")
		h.alias("postmaster@pepito.es", "usuario@servidor.es")
		h.list("libre@pepito.es", directory.Public, "", "nadie@far.example")
		rep := &dsn.Report{To: addr(tt.to), About: "q1", Date: h.now, MTA: "mx.pepito.es", Header: []byte("Delivered-To: " + tt.list + "\r\nSubject: x\r\n"),
			Full: strings.NewReader("Subject: x\r\n\r\nsecret\r\n"), Recipients: []dsn.Recipient{
				{Final: "rfc822;nadie@far.example", Action: tt.action, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}}}}
		if err := h.room.Report(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
		h.ended()
		want := "could not be sent to its sender: "
		if tt.told {
			want = "could not be sent to its sender, and went to the postmaster: "
		}
		if got := fmt.Sprint(told.facts); tt.why != "" && !strings.Contains(got, want+tt.why+" [{nadie@far.example "+tt.to+"}]") {
			t.Errorf("%s: told %s", tt.to, got)
		}
		in := strings.Join(h.got("usuario@servidor.es"), "")
		instead := strings.Contains(strings.Join(strings.Fields(in), " "), "to you as the postmaster, for this could not go to the sender "+tt.to+", about")
		if n := len(h.got("usuario@servidor.es")); (n == 1) != tt.told || instead != (tt.told && tt.why != "") || instead && strings.Contains(in, "secret") {
			t.Errorf("%s: the postmaster reads %d, %s", tt.to, n, in)
		}
		if len(h.store.boxes) > 1 || len(h.store.out) > 0 {
			t.Errorf("%s: %+v", tt.to, h.store)
		}
	}
}

// What the sender asked of a list goes on where it has no owner, as of an alias: for who
// waits in the queue, expanded at once or later. An owner gets what all get.
//
// rfc: 3461-5.2.7.1-5
func TestNotifyOfLists(t *testing.T) {
	const failure, success, delay = mail.NotifyFailure, mail.NotifySuccess, mail.NotifyDelay
	for _, tt := range []struct{ said, want mail.Notify }{
		{0, 0}, {mail.NotifyNever, mail.NotifyNever}, {success, mail.NotifyNever}, {failure, failure},
		{success | failure, failure}, {failure | delay, failure | delay}, {success | delay, delay},
	} {
		h, _ := open(t)
		for name, members := range map[string][]string{"corta": {"a@far.example"},
			"larga": {"ana@pepito.es", "gorka@jaramillo.edu.ec", "usuario@servidor.es", "luisa@servidor.es", "b@far.example"}} {
			h.list(name+"@pepito.es", directory.Public, "", members...)
			h.list(name+"-con@pepito.es", directory.Public, "ana@pepito.es", members...)
		}
		for _, list := range []string{"corta", "larga", "corta-con", "larga-con"} {
			h.store.out = nil
			to := mail.Recipient{To: addr(list + "@pepito.es"), Notify: tt.said}
			if _, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es"), EnvID: "e1", Ret: mail.RetFull}, plain, 0, to); err != nil {
				t.Fatal(err)
			}
			if long := strings.HasPrefix(list, "larga"); long != (len(h.store.expansions) == 1) {
				t.Fatalf("%s: %d expansions", list, len(h.store.expansions))
			}
			if err := h.room.expandAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			from, member, orcpt, want := "pepe@pepito.es", "a@far.example", "rfc822;"+list+"@pepito.es", tt.want
			if strings.HasPrefix(list, "larga") {
				member = "b@far.example"
			}
			if strings.HasSuffix(list, "-con") {
				from, orcpt, want = "ana@pepito.es", "", 0
			}
			h.wantLeft(fmt.Sprintf("NOTIFY %d to %s", tt.said, list), fmt.Sprintf("<%s> %s %s %d", from, member, orcpt, want))
			if o := h.store.out[0]; (o.EnvID == "e1") != (orcpt != "") || (o.Ret == mail.RetFull) != (orcpt != "") {
				t.Errorf("%s: ENVID %q, RET %v", list, o.EnvID, o.Ret)
			}
		}
	}
}
