package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"posta/directory"
	"posta/directory/directorytest"
	"posta/store"
	"posta/words"
)

// callers gives both ways to a table: in this process, and through the control
// socket.
func callers(t *testing.T, table *Table) map[string]Caller {
	t.Helper()
	data := t.TempDir()
	control, err := OpenControl(data, table)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- control.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	client, err := Dial(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Caller{"process": table, "socket": client}
}

// said is a refusal as both languages have it.
type said struct {
	operation    string
	in           any
	code, en, es string
}

// What a room refuses is said in each language, causes included, and the same
// whichever way it was asked.
func TestRefusals(t *testing.T) {
	d, err := directory.New(directorytest.New(), directory.Options{Cost: directory.Cost{Memory: 8, Time: 1, Iterations: 10}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddDomain(t.Context(), directory.NewDomain("pepito.es")); err != nil {
		t.Fatal(err)
	}
	fault := errors.New("the disk is on fire")
	broken := []Operation{
		op("broken", true, func(context.Context, None) (None, error) {
			return None{}, fmt.Errorf("%w: %w", store.ErrInUse, words.FailOf(fault, "cert.unreadable", words.Args{"File": "a.pem"}))
		}),
		op("torn", false, func(context.Context, None) (Stream, error) {
			return func(_ context.Context, w io.Writer) error {
				if _, err := io.WriteString(w, "half"); err != nil {
					return err
				}
				return words.FailOf(fault, "cert.unreadable", words.Args{"File": "peña.pem"})
			}, nil
		}),
		op("raw", false, func(context.Context, None) (None, error) { return None{}, fault }),
	}
	table := newTable(nil, House{Directory: d}.domains(), House{Directory: d}.accounts(), House{Directory: d}.aliases(), broken)
	languages := map[string]*words.Words{}
	for _, lang := range words.Languages() {
		if languages[lang], err = words.New(lang); err != nil {
			t.Fatal(err)
		}
	}
	for way, caller := range callers(t, table) {
		for _, tt := range []said{
			{"account.show", ByAddress{"nadie"}, "not_found", "there is no account nadie@pepito.es", "no hay ninguna cuenta nadie@pepito.es"},
			{"account.show", ByAddress{"x@"}, "invalid", `"x@" is no address: the domain is missing; write name@example.net`,
				"«x@» no es una dirección: falta el dominio; escriba nombre@example.net"},
			{"account.show", ByAddress{"x@b.c\x1b[2J"}, "invalid",
				`"x@b.c\x1b[2J" is no address: domain "b.c\x1b[2J" has "\x1b"; letters, digits, hyphens and dots are allowed`,
				`«x@b.c\x1b[2J» no es una dirección: el dominio «b.c\x1b[2J» tiene «\x1b»; se permiten letras, cifras, guiones y puntos`},
			{"domain.show", map[string]string{"name": "otro.es", "domain": "otro.es"}, "not_found",
				"there is no domain otro.es", "no hay ningún dominio otro.es"},
			{"broken", None{}, "in_use", "store: maildrop is in use: cannot read a.pem: the disk is on fire",
				"store: maildrop is in use: no se puede leer a.pem: the disk is on fire"},
			{"torn", None{}, "internal", "cannot read peña.pem: the disk is on fire", "no se puede leer peña.pem: the disk is on fire"},
			{"raw", None{}, "internal", "the disk is on fire", "the disk is on fire"},
		} {
			var out any
			if tt.operation == "torn" {
				out = &bytes.Buffer{}
			}
			err := caller.Call(t.Context(), tt.operation, tt.in, out)
			var refused *Error
			if !errors.As(err, &refused) {
				t.Errorf("%s, %s: %v", way, tt.operation, err)
				continue
			}
			if refused.Code != tt.code || refused.Text != tt.en {
				t.Errorf("%s, %s: %s %q, want %s %q", way, tt.operation, refused.Code, refused.Text, tt.code, tt.en)
			}
			for lang, want := range map[string]string{"en": tt.en, "es": tt.es} {
				if got := languages[lang].Error(fmt.Errorf("posta: %w", err)); got != "posta: "+want {
					t.Errorf("%s, %s in %s: %q, want %q", way, tt.operation, lang, got, want)
				}
			}
		}
	}
}
