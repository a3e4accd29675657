package main

import (
	"strings"
	"testing"
)

// Words of other programs are answered with posta's, and nothing is suggested that
// is only somewhat alike: it is soon typed.
func TestSuggestions(t *testing.T) {
	for typed, want := range map[string]string{
		"collect rm 1": "posta collect remove", "domain ls": "posta domain list", "domain info x.test": "posta domain show",
		"account del x": "posta account remove", "account delete x": "posta account remove", "route get x": "posta route show", "queue rm x": "posta queue delete",
		"queue remove x": "posta queue delete", "queue ls": "posta queue list", "mailing-list create x": "posta mailing-list add", "route edit x": "posta route set",
		"domian list": "posta domain", "account lsit": "posta account list", "mail": "posta mailing-list",
		"log": "", "collect rn 1": "posta collect run", "zz": "", "get": "", "ls": "",
	} {
		status, _, errs := posta(t, append(strings.Fields(typed), "--data", t.TempDir())...)
		suggested := ""
		if _, after, ok := strings.Cut(errs, "did you mean \""); ok {
			suggested, _, _ = strings.Cut(after, "\"")
		}
		if status != exitUsage || suggested != want {
			t.Errorf("%s: %d %s", typed, status, errs)
		}
	}
}

// What is wrong is named as it was typed, with the flag that it is about.
func TestMisusesAreNamed(t *testing.T) {
	data := t.TempDir()
	if status, _, errs := posta(t, "domain", "add", "x.test", "--data", data); status != exitDone {
		t.Fatal(errs)
	}
	for line, want := range map[string]string{
		"collect add h.test --etrn":                            "--domain",
		"collect add h.test --pop3 --keep":                     "--user and --account",
		"collect add h.test --atrn --domain x.test":            "--user",
		"collect add h.test --etrn --domain x.test --every 5s": "too often",
		"collect add h.test --etrn --domain x.test --tls zz":   `"zz"`,
		"domain add y.test --callout":                          "--callout goes with --relay",
		"domain add y.test --any-recipient":                    "--any-recipient goes with --on-demand",
		"account add a@x.test --generate --max-sent nada":      `--max-sent "nada"`,
		"route add . 192.0.2.1":                                `"." is no domain of a route`,
		"route add a.test 192.0.2.1 --ip 5":                    `"5" is no version of IP`,
		"route test ana@":                                      `"ana@" is nothing that mail could go to`,
		"probe ana\\dos":                                       `"ana dos" is no domain`,
		"trace --session zz":                                   "it takes a whole number",
		"trace --message-id --data d":                          `--message-id has no value: "--data" behind it is a flag`,
		"trace --from --json":                                  `--from has no value: \"--json\"`,
		"mailing-list add l@x.test --member foo\\bar":          "foo bar",
	} {
		args := strings.Fields(line)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "\\", " ")
		}
		status, _, errs := posta(t, append(args, "--data", data)...)
		if status != exitUsage || !strings.Contains(strings.Join(strings.Fields(errs), " "), want) {
			t.Errorf("%s: %d %s", line, status, errs)
		}
	}
}
