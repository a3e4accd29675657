package words

import (
	"encoding/json"
	"errors"
	"fmt"
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
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Detect(c.flag, func(k string) string { return c.env[k] }, c.system); got != c.want {
				t.Errorf("Detect = %q, want %q", got, c.want)
			}
		})
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
		{errors.Join(e, cause), "no se puede leer la configuración a.toml: disk on fire\ndisk on fire"},
	} {
		if got := es.Error(c.err); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got, want := e.Error(), "cannot read the configuration a.toml: disk on fire"; got != want {
		t.Errorf("English is %q, want %q", got, want)
	}
}

func TestErrorSurvivesJSON(t *testing.T) {
	text, err := json.Marshal(Fail("config.at_least", Args{"Where": "limits", "Key": "ban_after", "Value": 0, "Least": 1}))
	if err != nil {
		t.Fatal(err)
	}
	var back Error
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if got, want := back.Error(), "limits: ban_after = 0 is too small; the least is 1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
