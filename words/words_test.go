package words

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		name, flag, system, want string
		env                      map[string]string
	}{
		{name: "nothing set", want: "en"},
		{name: "flag wins", flag: "es", env: map[string]string{"POSTA_LANG": "en", "LANG": "en_US.UTF-8"}, want: "es"},
		{name: "flag is taken as it is", flag: "fr", want: "fr"},
		{name: "own variable", env: map[string]string{"POSTA_LANG": "ES", "LC_ALL": "C"}, want: "es"},
		{name: "own variable without catalog", env: map[string]string{"POSTA_LANG": "fr", "LANG": "es_EC"}, want: "es"},
		{name: "LC_ALL before LANG", env: map[string]string{"LC_ALL": "es_EC.UTF-8", "LANG": "en_US"}, want: "es"},
		{name: "LC_MESSAGES before LANG", env: map[string]string{"LC_MESSAGES": "es@euro", "LANG": "en_US"}, want: "es"},
		{name: "C is English", env: map[string]string{"LC_ALL": "C.UTF-8", "LANG": "es_ES"}, system: "es-ES", want: "en"},
		{name: "no catalog is English", env: map[string]string{"LANG": "fr_FR.UTF-8"}, system: "es-ES", want: "en"},
		{name: "system at last", system: "es-EC", want: "es"},
		{name: "Windows' Latin America", system: "es-419", want: "es"},
		{name: "system without catalog", system: "ca-ES", want: "en"},
		{name: "system that says nothing", want: "en"},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := false
			got := Detect(c.flag, func(k string) string { return c.env[k] }, func() string { asked = true; return c.system })
			if asked != (c.flag == "" && len(c.env) == 0) {
				t.Errorf("the system was asked: %v", asked)
			}
			if got != c.want {
				t.Errorf("Detect = %q, want %q", got, c.want)
			}
		})
	}
}

// As macOS prints the languages that a user chose.
func TestFirstInList(t *testing.T) {
	for printed, want := range map[string]string{
		"(\n    \"es-ES\",\n    \"en-ES\"\n)\n": "es-ES",
		"(\n    en,\n    es\n)\n":               "en",
		"(\n)\n":                                "",
		"":                                      "",
		"es-EC\n":                               "es-EC",
	} {
		if got := firstInList(printed); got != want {
			t.Errorf("of %q it took %q, want %q", printed, got, want)
		}
	}
}

func TestNew(t *testing.T) {
	for lang, want := range map[string]string{"en": "en", "es": "es", "es_EC.UTF-8": "es", "EN-us": "en"} {
		w, err := New(lang)
		if err != nil {
			t.Fatalf("New(%q): %v", lang, err)
		}
		if w.Lang() != want {
			t.Errorf("New(%q) speaks %q, want %q", lang, w.Lang(), want)
		}
	}
	if _, err := New("fr"); err == nil {
		t.Error("New(fr) did not fail")
	}
}

func TestSay(t *testing.T) {
	es, err := New("es")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := es.Say("config.unreadable", Args{"File": "a.toml"}), "no se puede leer la configuración a.toml"; got != want {
		t.Errorf("Say = %q, want %q", got, want)
	}
	if got := es.Say("no.such", nil); got != "no.such" {
		t.Errorf("an unknown id gave %q", got)
	}
}

func TestErrorInEachLanguage(t *testing.T) {
	es, err := New("es")
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("disk on fire")
	e := FailOf(cause, "config.unreadable", Args{"File": "a.toml"})
	if !errors.Is(e, cause) {
		t.Error("the cause is lost")
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{e, "no se puede leer la configuración a.toml: disk on fire"},
		{fmt.Errorf("start: %w", e), "start: no se puede leer la configuración a.toml: disk on fire"},
		{cause, "disk on fire"},
		{FailOf(&fs.PathError{Op: "open", Path: "/x", Err: syscall.EACCES}, "config.unreadable", Args{"File": "a.toml"}),
			"no se puede leer la configuración a.toml: /x: no hay permiso"},
		{fmt.Errorf("a: %w", fs.ErrNotExist), "a: no existe"},
		{syscall.ENOSPC, "no queda sitio en el disco"},
		{errors.Join(e, cause), "no se puede leer la configuración a.toml: disk on fire\ndisk on fire"},
		{fmt.Errorf("%w; then %w", cause, e), "disk on fire; then no se puede leer la configuración a.toml: disk on fire"},
		{address(), "«x@» no es una dirección: falta el dominio; escriba nombre@example.net"},
		{fmt.Errorf("row 3: %w", address()), "row 3: «x@» no es una dirección: falta el dominio; escriba nombre@example.net"},
		{FailOf(address(), "config.unreadable", Args{"File": "a.toml"}),
			"no se puede leer la configuración a.toml: «x@» no es una dirección: falta el dominio; escriba nombre@example.net"},
	} {
		if got := es.Error(c.err); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got, want := e.Error(), "cannot read the configuration a.toml: disk on fire"; got != want {
		t.Errorf("English is %q, want %q", got, want)
	}
}

// room is an error of a room that does not import this one.
type room struct{ err error }

func (room) Error() string { return "an error of a room" }

func (r room) Words() (string, map[string]any) {
	return "directory.not_address", map[string]any{"Address": "x@", "Why": r.err}
}

func address() error { return room{Fail("mail.no_domain", nil)} }

func TestKind(t *testing.T) {
	kind := errors.New("kind")
	e := FailAs(fmt.Errorf("sort: %w", kind), "mail.no_domain", nil)
	if !errors.Is(e, kind) || errors.Is(e, errors.New("other")) || errors.Is(Fail("x", nil), kind) {
		t.Error("errors.Is does not find the kind, or finds another")
	}
	if got, want := e.Error(), "the domain is missing; write name@example.net"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestErrorSurvivesJSON(t *testing.T) {
	const most = int64(1) << 60
	for _, c := range []struct {
		err    error
		en, es string
	}{
		{Fail("config.at_least", Args{"Where": "limits", "Key": "ban_after", "Value": 0, "Least": 1}),
			"limits: ban_after = 0 is too small; the least is 1",
			"limits: ban_after = 0 es muy poco; lo mínimo es 1"},
		{Fail("directory.list_full", Args{"List": "a@b.es", "Most": most}),
			"mailing list a@b.es would have more than 1152921504606846976 members",
			"la lista de correo a@b.es tendría más de 1152921504606846976 miembros"},
		{address(), `"x@" is no address: the domain is missing; write name@example.net`,
			"«x@» no es una dirección: falta el dominio; escriba nombre@example.net"},
		{room{errors.New("disk on fire")}, `"x@" is no address: disk on fire`, "«x@» no es una dirección: disk on fire"},
		{room{fmt.Errorf("row 3: %w", address())},
			`"x@" is no address: row 3: an error of a room`, "«x@» no es una dirección: row 3: an error of a room"},
		{FailOf(FailOf(errors.New("disk on fire"), "mail.no_domain", nil), "config.unreadable", Args{"File": "a.toml"}),
			"cannot read the configuration a.toml: the domain is missing; write name@example.net: disk on fire",
			"no se puede leer la configuración a.toml: falta el dominio; escriba nombre@example.net: disk on fire"},
		{FailOf(errors.Join(Fail("config.no_listener", nil), errors.New("x")), "config.wrong", Args{"File": []string{"a"}}),
			"the configuration [a] needs correction: nothing would be served: there is no [[listener]]\nx",
			"la configuración [a] necesita correcciones: nothing would be served: there is no [[listener]]\nx"},
	} {
		text, err := json.Marshal(Carry(c.err))
		if err != nil {
			t.Fatal(err)
		}
		var back Error
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for lang, want := range map[string]string{"en": c.en, "es": c.es} {
			w, err := New(lang)
			if err != nil {
				t.Fatal(err)
			}
			if got := w.Error(&back); got != want {
				t.Errorf("%s: got %q, want %q", text, got, want)
			}
		}
		again, err := json.Marshal(&back)
		if err != nil || string(again) != string(text) {
			t.Errorf("%s came back as %s, %v", text, again, err)
		}
	}
	if e := Carry(errors.New("x")); e != nil {
		t.Errorf("Carry made %v of what cannot be said", e)
	}
	for _, bad := range []string{`[]`, `{"id":1}`, `{"args":{"A":{"id":2}}}`, `{"cause":3}`} {
		if err := json.Unmarshal([]byte(bad), &Error{}); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

// What came over a socket is said without harm, and goes on as it came.
func FuzzErrorJSON(f *testing.F) {
	f.Add([]byte(`{"id":"directory.not_address","args":{"Address":"x@","Why":{"id":"mail.no_domain"}},"cause":{"id":"words.as_it_is","args":{"Text":"x"}}}`))
	f.Add([]byte(`{"id":"x","args":{"Count":{"id":"y"},"A":null,"B":1.5,"C":[1],"D":9223372036854775808},"cause":null}`))
	es, err := New("es")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var e Error
		if len(data) > 500 || json.Unmarshal(data, &e) != nil {
			return
		}
		once, err := json.Marshal(&e)
		if err != nil {
			t.Fatal(err)
		}
		var back Error
		if err := json.Unmarshal(once, &back); err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if again, err := json.Marshal(&back); err != nil || string(again) != string(once) {
			t.Fatalf("%s came back as %s, %v", once, again, err)
		}
		if a, b := es.Error(&e), es.Error(&back); a != b && es.Error(Carry(&e)) != b {
			t.Fatalf("%q came back as %q", a, b)
		}
	})
}

// What the system refuses to everybody now and then is said in the language,
// and the file once.
func TestSystemError(t *testing.T) {
	_, err := os.Open("/nowhere/clase.csv")
	for _, c := range []struct {
		err  error
		want string
	}{
		{FailOf(err, "fail.list_unreadable", Args{"File": "/nowhere/clase.csv"}), "no se puede leer /nowhere/clase.csv: no existe"},
		{FailOf(err, "fail.list_unreadable", Args{"File": "clase.csv"}), "no se puede leer clase.csv: /nowhere/clase.csv: no existe"},
		{FailOf(&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, "fail.unwritable", Args{"File": "x"}), "no se puede escribir x: no hay permiso"},
		{&fs.PathError{Op: "read", Path: "x", Err: syscall.EISDIR}, "x: es una carpeta"},
		{&fs.PathError{Op: "mkdir", Path: "x", Err: fs.ErrExist}, "x: ya existe"},
		{&fs.PathError{Op: "read", Path: "x", Err: io.ErrUnexpectedEOF}, "x: unexpected EOF"},
	} {
		es, bad := New("es")
		if bad != nil {
			t.Fatal(bad)
		}
		if got := es.Error(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
