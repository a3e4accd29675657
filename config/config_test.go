package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"posta/words"
)

func TestExampleIsTheDefault(t *testing.T) {
	for _, lang := range words.Languages() {
		got, err := Parse([]byte(Example(lang)))
		if err != nil {
			t.Fatal(lang, err)
		}
		want := Default()
		got.Limits.Exempt, got.Lab.Networks, got.Outgoing.Resolvers, got.Outgoing.Source = nil, nil, nil, nil // [] in the file
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the example in %s parses to\n%+v\nthe default is\n%+v", lang, got, want)
		}
		if err := got.Check(); err != nil {
			t.Error(lang, err)
		}
	}
}

// The examples of all languages differ in their words only.
func TestExamplesAgree(t *testing.T) {
	keys := func(text string) (all []string) {
		for row := range strings.Lines(text) {
			row = strings.TrimSpace(row)
			if !strings.HasPrefix(row, "# ") && row != "" {
				setting, _, _ := strings.Cut(row[1:], "#")
				all = append(all, row[:1]+strings.TrimSpace(setting))
			}
		}
		return all
	}
	for _, lang := range words.Languages() {
		if got, want := keys(Example(lang)), keys(Example("en")); !slices.Equal(got, want) {
			t.Errorf("the example in %s has\n%q\nwant\n%q", lang, got, want)
		}
	}
}

// A terminal of 80 columns shows the examples unbroken.
func TestExamplesFit(t *testing.T) {
	for _, lang := range words.Languages() {
		number := 0
		for row := range strings.Lines(Example(lang)) {
			number++
			if n := utf8.RuneCountInString(strings.TrimRight(row, "\n")); n > 80 {
				t.Errorf("%s: line %d has %d columns: %s", lang, number, n, row)
			}
		}
	}
}

// Every key of the Config stands in the example.
func TestExampleShowsEveryKey(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(st reflect.Type) {
		for i := range st.NumField() {
			f := st.Field(i)
			key, kind := f.Tag.Get("toml"), f.Type
			if kind.Kind() == reflect.Slice {
				kind = kind.Elem()
			}
			if key == "" {
				t.Errorf("%s.%s has no key", st.Name(), f.Name)
			}
			if kind.Kind() == reflect.Struct && kind.PkgPath() == st.PkgPath() && kind.Name() != "Duration" {
				if !strings.Contains(Example("en"), "["+key+"]") {
					t.Errorf("the example has no [%s]", key)
				}
				walk(kind)
				continue
			}
			if !strings.Contains(Example("en"), "\n"+key+" = ") && !strings.Contains(Example("en"), "\n#"+key+" = ") {
				t.Errorf("the example has no %s", key)
			}
		}
	}
	walk(reflect.TypeFor[Config]())
}

func TestDefaultsCheck(t *testing.T) {
	for name, c := range map[string]*Config{"Default": Default(), "Lab": Lab()} {
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if Default().Outgoing.Mode != OutgoingDeliver || Lab().Outgoing.Mode != OutgoingOff || Sink().Outgoing.Mode != OutgoingOff {
		t.Error("mail of a lab leaves, or of a server does not")
	}
	for _, l := range Lab().Listeners {
		if l.Mode != ModeLab || !strings.HasPrefix(l.Addr, "127.0.0.1:") || l.MaxPerAddress != 0 {
			t.Errorf("the lab has %+v", l)
		}
	}
}

func TestListenerDefaultsDependOnModeAndService(t *testing.T) {
	c, err := Parse([]byte(`
[[listener]]
name = "a"
service = "pop3"
addr = ":110"
[[listener]]
name = "b"
service = "smtp"
addr = ":25"
mode = "lab"
max_connections = 0
max_message = 0
`))
	if err != nil {
		t.Fatal(err)
	}
	a, b := c.Listeners[0], c.Listeners[1]
	if a.Mode != ModeStrict || a.TLS != TLSStart || a.MaxPerAddress != 100 || a.Idle.String() != "10m" {
		t.Errorf("strict POP3 is %+v", a)
	}
	if b.MaxPerAddress != 0 || b.MaxConns != 0 || b.MaxMessage != 0 || b.MaxRecipients != 1000 || b.Idle.String() != "30m" {
		t.Errorf("lab SMTP is %+v", b)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"not TOML", "hostname = \n", []string{"line 1, column 12: this is not TOML"}},
		{"unknown key, near", "[log]\nlevle = 'info'", []string{`line 2: posta knows no key "log.levle"; did you mean "level"?`}},
		{"unknown key, far", "[metrics]\nport = 1", []string{`line 2: posta knows no key "metrics.port"; here it knows: addr`}},
		{"unknown key, short", "foo = 1", []string{`line 1: posta knows no key "foo"; here it knows: `}},
		{"unknown table", "[logs]\nlevel = 'info'", []string{`line 1: posta knows no key "logs"; did you mean "log"?`}},
		{"unknown in a list", "[[listener]]\nname = 'a'\nadr = ':1'", []string{`line 3: posta knows no key "listener.adr"; did you mean "addr"?`}},
		{"sizes and spans", "[[listener]]\nmax_message = '5 XX'\nidle = 5\n[limits]\nban_for = '-5m'", []string{
			"line 2: listener.max_message is a size", "line 3: listener.idle is a time span", "line 5: limits.ban_for is a time span"}},
		{"all at once", "hostname = 5\n[limits]\nenabled = 1\nban_after = '3'\nxx = 1", []string{
			"line 1: hostname is a text", "line 3: limits.enabled is a switch", "line 4: limits.ban_after is a whole number", `line 5: posta knows no key "limits.xx"`}},
		{"network", "[lab]\nnetworks = ['10.0.0.0/8',\n'kk']", []string{"line 3: lab.networks takes a list of networks with their prefix"}},
		{"source", "[outgoing]\nsource = ['192.0.2.1',\n'kk']", []string{"line 3: outgoing.source takes a list of addresses"}},
		{"age without quotes", "[outgoing]\nmax_age = 5", []string{"line 2: outgoing.max_age is a time span"}},
		{"network without quotes", "[[network]]\ncidr = 10", []string{"line 2: network.cidr takes a network"}},
		{"network without prefix", "[[network]]\ncidr = '192.168.10.5'", []string{"line 2: network.cidr takes a network with its prefix"}},
		{"network, unknown key", "[[network]]\ncidr = '10.0.0.0/8'\nbarelf = 'x'", []string{`line 3: posta knows no key "network.barelf"; did you mean "bare_lf"?`}},
		{"network, relay", "[[network]]\ncidr = '10.0.0.0/8'\nrelay = 'yes'", []string{"line 3: network.relay is a switch"}},
		{"list as table", "[listener]\nname = 'a'", []string{"[listener] is a list"}},
		{"list as value", "listener = 5", []string{"line 1: listener is a list of tables"}},
		{"table as value", "limits = 5", []string{"line 1: limits is a table"}},
		{"table as list", "[[limits]]\nenabled = true", []string{"line 1: limits is a table"}},
		{"twice", "hostname = 'a'\nhostname = 'b'", []string{"line 2, column 1"}},
		{"large", strings.Repeat("#", maxFile+1), []string{"larger than 1 MiB"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in\n%v", want, err)
				}
			}
			if lines := strings.Count(err.Error(), "\n") + 1; lines != len(c.want) {
				t.Errorf("%d problems, want %d:\n%v", lines, len(c.want), err)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"host", func(c *Config) { c.Hostname = "a b" }, `hostname = "a b" is no host name`},
		{"host that is an address", func(c *Config) { c.Hostname = "192.0.2.1" }, `hostname = "192.0.2.1" is no host name`},
		{"domain", func(c *Config) { c.DefaultDomain = "x..y" }, "default_domain"},
		{"language", func(c *Config) { c.Language = "fr" }, `language = "fr" is not one of`},
		{"level", func(c *Config) { c.Log.Level = "loud" }, `level = "loud" is not one of: debug, info`},
		{"format", func(c *Config) { c.Log.Format = "xml" }, `format = "xml"`},
		{"log size", func(c *Config) { c.Log.MaxSize = 4096 }, `log: max_size = "4 KiB" is too small`},
		{"log keep", func(c *Config) { c.Log.Keep = -1 }, "keep = -1 is too small; the least is 0"},
		{"trace age", func(c *Config) { c.Trace.KeepFor = Duration{} }, `trace: keep_for = "0s" must be longer`},
		{"trace size", func(c *Config) { c.Trace.MaxSize = 0 }, `trace: max_size = "0" is too small; the least is "1 MiB"`},
		{"record age", func(c *Config) { c.Record.KeepFor = Duration{} }, `record: keep_for = "0s" must be longer`},
		{"record size", func(c *Config) { c.Record.MaxSize = 1 << 10 }, `record: max_size = "1 KiB" is too small; the least is "1 MiB"`},
		{"record session", func(c *Config) { c.Record.MaxSession = 0 }, `record: max_session = "0" is too small; the least is "64 KiB"`},
		{"record sessions", func(c *Config) { c.Record.MaxSessions = 0 }, "record: max_sessions = 0 is too small; the least is 1"},
		{"record disk", func(c *Config) { c.Record.Disk = 1 << 20 }, `record: disk = "1 MiB" is too small; the least is "16 MiB"`},
		{"record disk age", func(c *Config) { c.Record.DiskKeepFor = Duration{} }, `record: disk_keep_for = "0s" must be longer`},
		{"metrics", func(c *Config) { c.Metrics.Addr = "9090" }, `metrics: addr = "9090"`},
		{"sendmail", func(c *Config) { c.Sendmail.Socket = "run/s.sock" }, `socket = "run/s.sock" is no place for a socket`},
		{"sendmail, long", func(c *Config) { c.Sendmail.Socket = "/" + strings.Repeat("x", 100) }, "at most 100 octets"},
		{"certificate", func(c *Config) { c.Certificates = []Certificate{{Cert: "a"}} }, "certificate 1: key is missing"},
		{"sink least", func(c *Config) { c.Sink.MaxMessages = 0 }, "sink: max_messages = 0 is too small; the least is 1"},
		{"sink most", func(c *Config) { c.Sink.MaxMessages = 100_001 }, "sink: max_messages = 100001 is too large; the most is 100000"},
		{"failures", func(c *Config) { c.Limits.AuthFailures = 0 }, "auth_failures = 0 is too small; the least is 1"},
		{"ban", func(c *Config) { c.Limits.BanFor = Duration{} }, `ban_for = "0s" must be longer`},
		{"no listener", func(c *Config) { c.Listeners = nil }, "no [[listener]]"},
		{"name", func(c *Config) { c.Listeners[1].Name = "" }, "listener 2: name is missing"},
		{"same name", func(c *Config) { c.Listeners[1].Name = "smtp" }, `name = "smtp" is there twice`},
		{"same addr", func(c *Config) { c.Listeners[1].Addr = ":25" }, `addr = ":25" is there twice`},
		{"service", func(c *Config) { c.Listeners[0].Service = "imap" }, `service = "imap" is not one of`},
		{"addr", func(c *Config) { c.Listeners[0].Addr = "25" }, `addr = "25" is no address`},
		{"port", func(c *Config) { c.Listeners[0].Addr = ":65536" }, "is no address"},
		{"tls", func(c *Config) { c.Listeners[0].TLS = "yes" }, `tls = "yes"`},
		{"mode", func(c *Config) { c.Listeners[0].Mode = "" }, `mode = ""`},
		{"persona", func(c *Config) { c.Listeners[0].Persona = "exim" }, `persona = "exim"`},
		{"dsn", func(c *Config) { c.Listeners[0].DSN = "some" }, `dsn = "some" is not one of: all, authenticated, off`},
		{"persona in strict", func(c *Config) { c.Listeners[0].Persona = "hmailserver" }, `mode = "lab"`},
		{"odmr in a sink", func(c *Config) { c.Listeners[0].Service, c.Listeners[0].Mode = ODMR, ModeSink }, "keeps mail for nobody to come for"},
		{"turn in a sink", func(c *Config) { c.Listeners[0].Turn, c.Listeners[0].Mode = true, ModeSink }, "turn is for"},
		{"turn for submission", func(c *Config) { c.Listeners[1].Turn = true }, "turn is for"},
		{"turn for pop3", func(c *Config) { c.Listeners[3].Turn = true }, "turn is for"},
		{"clear submission", func(c *Config) { c.Listeners[1].TLS = TLSNone }, "could never let anybody log in"},
		{"small size", func(c *Config) { c.Listeners[0].MaxMessage = 1 }, `max_message = "1" is too small`},
		{"few recipients", func(c *Config) { c.Listeners[0].MaxRecipients = 99 }, "the least is 100"},
		{"connections", func(c *Config) { c.Listeners[0].MaxConns = -1 }, "max_connections = -1"},
		{"idle", func(c *Config) { c.Listeners[0].Idle = Duration{} }, "idle"},
		{"network", func(c *Config) { c.Networks = []Network{{}} }, "network 1: cidr is missing"},
		{"outgoing mode", func(c *Config) { c.Outgoing.Mode = "on" }, `outgoing: mode = "on" is not one of: deliver, hold, off`},
		{"outgoing host", func(c *Config) { c.Outgoing.Hostname = "a b" }, `outgoing: hostname = "a b" is no host name`},
		{"resolver", func(c *Config) { c.Outgoing.Resolvers = []string{"192.0.2.53", "dns.example"} }, `"dns.example" is no address of a DNS server`},
		{"resolver's port", func(c *Config) { c.Outgoing.Resolvers = []string{"192.0.2.53:0"} }, `"192.0.2.53:0" is no address of a DNS server`},
		{"outgoing connections", func(c *Config) { c.Outgoing.MaxConns = 0 }, "max_connections = 0 is too small"},
		{"outgoing connections, many", func(c *Config) { c.Outgoing.MaxConns = 20_000 }, "max_connections = 20000 is too large"},
		{"to one place", func(c *Config) { c.Outgoing.PerDestination = 0 }, "max_per_destination = 0 is too small"},
		{"retry", func(c *Config) { c.Outgoing.RetryAfter = Duration{time.Second} }, `retry_after = "1s" is too small; the least is "10s"`},
		{"longest retry", func(c *Config) { c.Outgoing.RetryMost = Duration{time.Minute} }, `retry_most = "1m" is too small; the least is "5m"`},
		{"age", func(c *Config) { c.Outgoing.MaxAge = Duration{time.Second} }, `max_age = "1s" is too small; the least is "1m"`},
		{"an hour's", func(c *Config) { c.Outgoing.MaxHour = -1 }, "max_per_hour = -1 is too small"},
		{"a day's", func(c *Config) { c.Outgoing.MaxDay = -1 }, "max_per_day = -1 is too small"},
		{"outgoing tls", func(c *Config) { c.Outgoing.TLS = "yes" }, `outgoing: tls = "yes" is not one of: opportunistic`},
		{"ip", func(c *Config) { c.Outgoing.IP = "ipv4" }, `outgoing: ip = "ipv4" is not one of: both, 4, 6`},
		{"source", func(c *Config) { c.Outgoing.Source = []netip.Addr{netip.IPv4Unspecified()} }, `"0.0.0.0" is no address to connect from`},
		{"sources", func(c *Config) {
			c.Outgoing.Source = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("::ffff:192.0.2.2")}
		}, "is the second of its kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := Default()
			c.change(conf)
			err := conf.Check()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	ok := Default()
	ok.Hostname, ok.Listeners[0].Addr, ok.Listeners[1].Addr = "correo.español.es", "127.0.0.1:0", "[::1]:0"
	if err := ok.Check(); err != nil {
		t.Error(err)
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "posta.toml")
	if _, err := Load(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gave %v", err)
	}
	if err := os.WriteFile(path, []byte("\xef\xbb\xbfhostname = 'mx.example.net'\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil || c.Hostname != "mx.example.net" || len(c.Listeners) != 5 {
		t.Errorf("got %+v, %v", c, err)
	}
	if err := os.WriteFile(path, []byte("hostname = 'x y'\ndefault_domain = '-'"), 0o600); err != nil {
		t.Fatal(err)
	}
	es, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Load(path)
	if err == nil {
		t.Fatal("it was accepted")
	}
	if got := es.Error(err); !strings.Contains(got, "línea 1: hostname = \"x y\" no es un nombre de equipo") ||
		!strings.Contains(got, "línea 2: default_domain = \"-\" no es un dominio") {
		t.Errorf("in Spanish: %s", got)
	}
}

// What is wrong is said with its line, whatever stands around it.
func TestProblemsHaveLines(t *testing.T) {
	for text, want := range map[string]string{
		"\xef\xbb\xbf# a\r\nhostname = 'x y'":                                                 `line 2: hostname = "x y"`,
		"\n[log]\nlevel = 'loud'":                                                             `line 3: log: level = "loud"`,
		"log.level = 'loud'":                                                                  `line 1: log: level = "loud"`,
		"[log]\nfile = \"\"\"\n\nx\"\"\"\n'level' = 'loud'":                                   `line 5: log: level = "loud"`,
		"[limits]\nexempt = [\n'10.0.0.0/8',\n]\nban_after = 0":                               `line 5: limits: ban_after = 0`,
		"[[network]]\ncidr = '10.0.0.0/8'\n[[network]]\nauth = 'never'\ncidr = '10.1.0.0/16'": `line 4: network 2: auth = "never"`,
		"[lab]\n[[network]]\nname = 'x'":                                                      "line 2: network 1: cidr is missing",
		"[[certificate]]\ncert = 'a'":                                                         "line 1: certificate 1: key is missing",
		"[[listener]]\nname = 'a'\naddr = ':1'\nservice = 'smtp'\n[[listener]]\nname = 'b'\nservice = 'smtp'\naddr = ':1'": `line 8: listener b: addr = ":1" is there twice`,
		"\n[certificate]\ncert = 'a'": "line 2: [certificate] is a list",
		"hostname = mail.example.net": `line 1, column 12: this is not TOML: the value is no number, true or false; put a text in quotes`,
		`data = "C:\posta"`:           `column 11: this is not TOML: a \ in double quotes begins an escape`,
	} {
		path := filepath.Join(t.TempDir(), "posta.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestMetricsOff(t *testing.T) {
	c, err := Parse([]byte("[metrics]\naddr = \"off\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil || c.Metrics.Addr != "" || len(c.Warnings()) != 0 {
		t.Errorf("at %q: %v, %q", c.Metrics.Addr, err, c.Warnings())
	}
}

func TestWarnings(t *testing.T) {
	c := Default()
	c.Metrics.Addr = ":9090"
	c.Listeners[0].Idle, c.Listeners[3].Idle = Duration{time.Second}, Duration{5 * time.Minute}
	c.Outgoing.MaxAge, c.Outgoing.WarnAfter, c.Outgoing.TLS = Duration{time.Hour}, Duration{time.Hour}, TLSRequired
	want := []string{`outgoing: max_age = "1h" is short`, `outgoing: warn_after = "1h" is not before`, `outgoing: tls = "required" sends nothing`,
		`metrics, :9090, answers every machine`, `listener smtp: idle = "1s" is short; programs may be silent for 5 min (RFC 5321`,
		`listener pop3: idle = "5m" is short; programs may be silent for 10 min (RFC 1939`}
	got := c.Warnings()
	if !slices.EqualFunc(got, want, func(err error, want string) bool { return strings.HasPrefix(err.Error(), want) }) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, addr := range []string{"127.0.0.1:9090", "[::1]:9090", "localhost:9090"} {
		c = Default()
		c.Metrics.Addr = addr
		if got := c.Warnings(); len(got) != 0 {
			t.Errorf("%s: %q", addr, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(Example("en")))
	f.Add([]byte("[[listener]]\nmax_message = '5 XX'\nidle = 5\n[limits]\nban_for = '-5m'"))
	f.Add([]byte("[listener]\nx=1\n[[network]]\ncidr='::/0'\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(text)
		if (c == nil) == (err == nil) {
			t.Fatalf("config %v and error %v", c, err)
		}
		if err == nil {
			_ = c.checkWith(linesOf(trimBOM(text)))
		}
	})
}

func TestResolverAddrs(t *testing.T) {
	o := Outgoing{Resolvers: []string{"192.0.2.53", "[2001:db8::53]:5353", "2001:db8::53"}}
	want := []string{"192.0.2.53:53", "[2001:db8::53]:5353", "[2001:db8::53]:53"}
	if got := o.ResolverAddrs(); !slices.EqualFunc(got, want, func(a netip.AddrPort, b string) bool { return a.String() == b }) {
		t.Errorf("%v", got)
	}
}
