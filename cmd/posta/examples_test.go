package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"posta/words"
)

// trial is what must be there before a line of a command's Example runs, and
// what comes of it. Without an entry in exampleScenes a line runs on the class's
// store with no server, and must succeed.
type trial struct {
	scene  string   // class, sink, nothing; class if empty
	on     string   // the server that runs meanwhile: quickstart's or serve's arguments; "": none
	before []string // command lines that run first
	typed  string   // lines at the terminal
	piped  string   // lines on standard input that is none
	status int
	says   string // expression that the output fits, standard error included
	serves bool   // it runs until it is ended
	ends   bool   // it is ended once it says what it says
}

const (
	labServer    = "quickstart"
	sinkServer   = "quickstart --mode sink"
	strictServer = "serve"
)

func exampleScenes() map[string]trial {
	lab := func(says string, before ...string) trial { return trial{on: labServer, says: says, before: before} }
	sink := func(says string) trial { return trial{scene: "sink", on: sinkServer, says: says} }
	queued := func(says string, before ...string) trial { return trial{scene: "queue", says: says, before: before} }
	const gateway, laid = "posta domain add grupo3.net --relay mail.grupo3.net", "posta route add grupo2.net 192.168.50.110"
	return map[string]trial{
		"posta quickstart": {scene: "nothing", serves: true, says: `ana@lab\.test +[a-z]+-\d+`},
		"posta quickstart jaramillo.edu.ec --account luis:luis-2026 --account gorka": {scene: "nothing", serves: true,
			says: `luis@jaramillo\.edu\.ec +luis-2026`},
		"posta quickstart --lan --persona hmailserver":                    {serves: true, says: `pepe@pepito\.es`},
		"posta quickstart --smtp 2525 --pop3 2110 --submission off":       {serves: true, says: `pepe@pepito\.es`},
		"posta quickstart --mode sink --ephemeral":                        {scene: "nothing", serves: true, says: `SINK`},
		"posta serve --config posta.toml":                                 {serves: true},
		"posta serve --data /var/lib/posta --smtp :2525 --submission off": {serves: true},
		"posta card":                                  lab(`pepe@pepito\.es +[a-z]+-\d+`),
		"posta card pepe@pepito.es":                   lab(`AUTH PLAIN AHBlcGVAcGVwaXRvLmVz`),
		"posta putty -o posta.reg":                    lab(`posta\.reg`),
		"posta putty -o posta.reg --host 192.168.1.7": lab(`posta\.reg`),
		"posta status":                                lab(`127\.0\.0\.1:\d+`),
		"posta status --json":                         lab(`"listeners":`),
		"posta health":                                lab(``),
		"posta health --json":                         lab(`"healthy":true`),
		"posta wait-ready":                            lab(``),
		"posta wait-ready --timeout 1m --json":        lab(`"ready":true`),
		"posta firewall add":                          {status: exitFailed, says: `Windows`}, // TestFirewallSteps has what it runs there
		"posta firewall remove":                       {status: exitFailed, says: `Windows`},
		"posta domain add pepito.es":                  {scene: "nothing", says: `pepito\.es`},
		"posta domain add sucursal.example --on-demand sucursal --any-recipient": {before: []string{"posta site add sucursal"}, says: `--any-recipient`},
		"posta domain remove pepito.es":                                          {scene: "nothing", before: []string{"posta domain add pepito.es"}},
		"posta domain dns pepito.es --check":                                     {status: exitAbsent, says: `127\.0\.0\.1:9`},
		"posta domain dns pepito.es --check --resolver 127.0.0.1:5353":           {status: exitAbsent, says: `127\.0\.0\.1:`},
		"posta domain key activate pepito.es":                                    {before: []string{"posta domain key rotate pepito.es"}, says: `rsa-\d+b +rsa +(signs|firma)`},
		"posta account add pepe@pepito.es":                                       {before: []string{"posta account remove pepe@pepito.es --force"}, typed: "pepe-2027\npepe-2027\n"},
		"posta account set pepe@pepito.es --password":                            {typed: "pepe-2027\npepe-2027\n"},
		"posta account add pepe@pepito.es --generate --quota 100MB --name \"Pepe Pérez\"": {
			before: []string{"posta account remove pepe@pepito.es --force"}, says: `Pepe Pérez`},
		"posta account remove pepe@pepito.es":                           {before: []string{"posta message delete pepe@pepito.es --all"}},
		"posta account revoke info@pepito.es luis@pepito.es":            {before: []string{"posta account grant info@pepito.es luis@pepito.es"}},
		"posta alias add ventas@pepito.es pepe@pepito.es ana@pepito.es": {before: []string{"posta alias remove ventas@pepito.es"}},
		"posta site show sucursal":                                      {before: []string{"posta site add sucursal"}, says: `sucursal`},
		"posta site add sucursal --domain grupo3.net":                   {before: []string{"posta domain add grupo3.net --relay mail.grupo3.net"}, says: `[a-z2-7]{32}`},
		"posta site set sucursal --domain grupo3.net --network 192.0.2.7": {
			before: []string{"posta domain add grupo3.net --relay mail.grupo3.net", "posta site add sucursal"}, says: `networks: |redes: `},
		"posta site queue set uucp grupo3.net": {before: []string{"posta domain add grupo3.net --relay mail.grupo3.net"}, says: `grupo3\.net`},
		"posta site secret sucursal":           {before: []string{"posta site add sucursal"}, says: `[a-z2-7]{32}`},
		"posta site remove sucursal":           {before: []string{"posta site add sucursal"}},
		"posta site queue remove uucp":         {before: []string{"posta domain add grupo3.net --relay mail.grupo3.net", "posta site queue set uucp grupo3.net"}},
		"posta collect add isp.example --atrn --user site --domain pepito.es --every 1h": {typed: "geheim\n", says: `ATRN`},
		"posta collect add pop.example --pop3 --user ana --account ana@pepito.es --keep": {typed: "geheim\n", says: `POP3`},
		"posta collect list --atrn isp.example --domain pepito.es":                       {before: []string{"posta collect add isp.example --etrn --domain pepito.es"}, says: `^(nothing|nada) .*(fits|coincide)`},
		"posta collect set 1 --every 1h":                                                 {before: []string{"posta collect add 127.0.0.1:1 --etrn --domain pepito.es"}, says: `every: +1 h`},
		"posta collect set 1 --password":                                                 {before: []string{"posta collect add 127.0.0.1:1 --etrn --domain pepito.es"}, typed: "geheim\n", says: `ETRN`},
		"posta collect set 1 --host isp.example":                                         {before: []string{"posta collect add 127.0.0.1:1 --etrn --domain pepito.es"}, says: `127\.0\.0\.1:9`},
		"posta collect show 1":                                                           {before: []string{"posta collect add 127.0.0.1:1 --etrn --domain pepito.es"}, says: `ETRN`},
		"posta collect run 1":                                                            {before: []string{"posta collect add 127.0.0.1:1 --etrn --domain pepito.es"}, status: exitFailed, says: `connection|conexión`},
		"posta collect run --atrn isp.example --user north --domain pepito.es":           {typed: "geheim\n", status: exitFailed, says: `ATRN .*127\.0\.0\.1:9`},
		"posta collect run --etrn isp.example --domain pepito.es":                        {status: exitFailed, says: `ETRN .*127\.0\.0\.1:9`},
		"posta collect run --pop3 pop.example --user ana --account ana@pepito.es --keep": {typed: "geheim\n", status: exitFailed, says: `POP3 .*127\.0\.0\.1:9`},
		"posta collect remove 1":                                                         {before: []string{"posta collect add 127.0.0.1:1 --etrn --domain pepito.es"}},
		"posta mailing-list add clase@pepito.es --member pepe@pepito.es": {
			before: []string{"posta mailing-list remove clase@pepito.es"}},
		"posta message list pepe@pepito.es":                                          {says: `Asunto`},
		"posta message list --to ana@example.net":                                    sink(`Welcome`),
		"posta message list":                                                         sink(`ana@example\.net`),
		"posta message show pepe@pepito.es 1":                                        {says: `Subject: Asunto`},
		"posta message show --to ana@example.net 1":                                  sink(`Subject: Welcome`),
		"posta message wait --to ana@example.net --json":                             sink(`"subject":"Welcome"`),
		"posta message wait --to ana@example.net --subject '^Welcome' --timeout 30s": sink(`Subject: Welcome`),
		"posta message delete --to ana@example.net --all":                            sink(`1`),
		"posta sendmail -t -i < message.eml":                                         lab(``),
		"posta sendmail -f www@pepito.es -F \"La web\" ana@pepito.es < message.eml":  lab(``),
		"posta session list":                                                         lab(`smtp`),
		"posta session list --open --protocol pop3":                                  lab(``),
		"posta session list --user pepe --json":                                      lab(`"user":"pepe@pepito.es"`),
		"posta session show":                                                         lab(`QUIT`),
		"posta session show 1":                                                       lab(`QUIT`),
		"posta session diagram":                                                      lab(`◀─+ 220 `),
		"posta session diagram 1 -o lab.svg":                                         lab(`lab\.svg`),
		"posta session diagram --related -o lab.pdf --hide-secrets":                  lab(`lab\.pdf`),
		"posta session export -o lab.pcapng":                                         lab(`lab\.pcapng`),
		"posta session export 1 -o lab.pcapng --as-standard-ports":                   lab(`lab\.pcapng`),
		"posta session export --all -o lab.pcapng --json":                            lab(`"masked":false,"sessions":\[\{"id":1,`),
		"posta watch":                      {on: labServer, ends: true, says: `Ctrl-C`},
		"posta watch 1":                    lab(`QUIT`),
		"posta watch --past --filter smtp": {on: labServer, ends: true, says: `HELO pepito\.es +250 `},
		"posta watch --filter 'smtp.response.code >= 400'":                              {on: labServer, ends: true, says: `Ctrl-C`},
		"posta watch --past --listener smtp --json":                                     {on: labServer, ends: true, says: `"asked":"QUIT"`},
		"posta report 1 -o lab.html":                                                    lab(`lab\.html`),
		"posta report lab.pcapng -o lab.pdf --group 7 --members \"Ana Peña,Luis Díaz\"": {scene: "nothing", says: `lab\.pdf`},
		"posta report 1 2 -o lab.pdf --lang es --answers":                               lab(`lab\.pdf es el informe de 2 sesiones`),
		"posta trace --to pepe@pepito.es --since 2h":                                    {says: `pepe@pepito\.es`},
		"posta trace --from @example.net --since 2026-11-20":                            {says: `app@example\.net`},
		"posta trace --message-id 'abc@example.net' --json":                             {says: `abc@example\.net`},
		"posta fault add --at rcpt --match 'ana@*' --reply '451 4.7.1 Later' --times 2": lab(`451 4\.7\.1`),
		"posta fault add --at dot --reply '554 5.6.0 Not this one'":                     lab(`554 5\.6\.0`),
		"posta fault add --at data --close":                                             lab(`data`),
		"posta fault add --at retr --match 2 --delay 5s":                                lab(`retr`),
		"posta fault list":                    lab(`data`, "posta fault add --at data --close"),
		"posta fault clear":                   lab(`1`, "posta fault add --at data --close"),
		"posta fault clear 3":                 lab(`1`, "posta fault add --at data --close", "posta fault add --at dot --close", "posta fault add --at rcpt --close"),
		"posta ban list":                      {on: strictServer, says: `127\.0\.0\.1`},
		"posta ban remove 192.0.2.7":          {on: strictServer, says: `127\.0\.0\.1`},
		"posta read lab.pcapng":               {scene: "nothing", says: `192\.0\.2\.25:110 +2 `},
		"posta read lab.pcapng --filter smtp": {scene: "nothing", says: `SMTP +C: `},
		"posta read lab.pcapng --filter 'smtp.response.code >= 400'":                    {scene: "nothing", says: `^(no frame matches|ninguna trama)`},
		"posta read lab.pcapng --filter tcp.flags.syn==1 --fields ip.src,tcp.dstport":   {scene: "nothing", says: `192\.0\.2\.10 +25`},
		"posta read lab.pcapng --filter pop --fields pop.request.command --format json": {scene: "nothing", says: `\{"pop\.request\.command":"USER"\}`},
		"posta read lab.pcapng --filter smtp.req.command==BDAT --fail-empty":            {scene: "nothing", status: exitFailed, says: `nothing to show|nada que mostrar`},
		"posta read lab.pcapng --keylog keys.log --filter smtp":                         {scene: "nothing", says: `SMTP +C: `},
		"posta read lab.pcapng --decode-as tcp.port==2525,smtp":                         {scene: "nothing", says: `TCP +40001 → 25 \[SYN\]`},
		"posta read lab.pcapng --streams":                                               {scene: "nothing", says: `192\.0\.2\.10:40001 +192\.0\.2\.25:25 `},
		"posta read lab.pcapng --streams --format json":                                 {scene: "nothing", says: `"node1_to_0":\{"bytes":75,`},
		"posta read lab.pcapng --conversations":                                         {scene: "nothing", says: `192\.0\.2\.25:110 +2 `},
		"posta read lab.pcapng --findings":                                              {scene: "nothing", says: `nothing was found|no se halló`},
		"posta read lab.pcapng --findings --filter pop --format json":                   {scene: "nothing", says: `^$`},
		"posta read lab.pcapng --credentials":                                           {scene: "nothing", says: `nothing here|no hay nada|nada`},
		"posta read lab.pcapng --eavesdrop":                                             {scene: "nothing", says: `192\.0\.2\.10:40001`},
		"posta read lab.pcapng --endpoints":                                             {scene: "nothing", says: `192\.0\.2\.25 +0 +3 +25,110 `},
		"posta read lab.pcapng --statistics":                                            {scene: "nothing", says: `smtp +HELO +1 +0 +100\.000`},
		"posta read lab.pcapng --export-mail messages":                                  {scene: "nothing", says: `nothing here|nada`},
		"posta read lab.pcapng --diagram -":                                             {scene: "nothing", says: `◀─+ 220 `},
		"posta read lab.pcapng --filter tcp.port==25 --related --diagram lab.pdf":       {scene: "nothing", says: `lab\.pdf`},
		"posta read lab.pcapng --follow 0":                                              {scene: "nothing", says: `C: QUIT\nS: 221 `},
		"posta read lab.pcapng --follow 1 --annotated":                                  {scene: "nothing", says: `RFC 1939 §7`},
		"posta read lab.pcapng --follow 0 --octets client":                              {scene: "nothing", says: `^HELO jaramillo\.edu\.ec\r\n`},
		"posta session show 1 --annotated":                                              lab(`RFC (5321|1939) §`),
		"posta session show --findings":                                                 lab(`RFC |nothing was found|no se halló`),
		"posta session show --eavesdrop --json":                                         lab(`"over_tls":\[`),
		"posta read monday.pcapng tuesday.pcapng --filter imf.subject":                  {scene: "nothing", says: `(?s)==> monday.pcapng <==.*==> tuesday.pcapng <==`},
		"posta read - < lab.pcapng":                                                     {scene: "nothing", says: `192\.0\.2\.25:110 +2 `},
		"posta capture -w lab.pcapng":                                                   {on: labServer, ends: true, says: `lab\.pcapng`},
		"posta capture -w lab.pcapng --filter 'smtp.response.code >= 400'":              {on: labServer, ends: true, says: `lab\.pcapng`},
		"posta capture -w lab.pcapng --session 1":                                       lab(`[1-9]\d* pa(ckets|quetes) .*lab\.pcapng`),
		"posta capture --wireshark":                                                     {on: labServer, status: exitFailed, says: `wireshark\.org`},
		"posta capture --print-command":                                                 lab(`wireshark -k -i `),
		"posta extcap install":                                                          {says: `postadump`},
		"posta extcap install --data /var/lib/posta":                                    {says: `data lie in|datos están en`},
		"posta extcap uninstall":                                                        {before: []string{"posta extcap install"}, says: `postadump`},
		"posta capture --list-interfaces":                                               {scene: "nothing", says: `127\.0\.0\.1/8`},
		"posta capture -w mail.pcapng --ring 10x100MB":                                  {on: labServer, ends: true, says: `mail\.pcapng`},
		"posta queue list":                                                              queued(`bob@grupo2\.net`),
		"posta queue list --domain grupo2.net":                                          queued(`bob@grupo2\.net`),
		"posta queue list --held --json":                                                queued(`"state":"held"`, "posta queue hold --all"),
		"posta queue show 330mmxd3p59wq":                                                queued(`To bob@grupo2\.net: waiting|Para bob@grupo2\.net: espera`),
		"posta queue retry 330mmxd3p59wq":                                               queued(`: (1 recipient is tried as soon as one starts|se intenta con 1 destinatario en cuanto arranque)`),
		"posta queue retry --domain grupo2.net":                                         queued(`: (1 recipient is tried as soon as one starts|se intenta con 1 destinatario en cuanto arranque)`),
		"posta queue hold 330mmxd3p59wq":                                                queued(`^1 (recipient is held|destinatario)`),
		"posta queue hold --sender pepe@pepito.es":                                      queued(`^1 (recipient is held|destinatario)`),
		"posta queue release 330mmxd3p59wq":                                             queued(`^1 (recipient is released|destinatario)`, "posta queue hold --all"),
		"posta queue release --held":                                                    queued(`^1 (recipient is released|destinatario)`, "posta queue hold --all"),
		"posta queue delete 330mmxd3p59wq --to bob@grupo2.net":                          queued(`^1 (recipient is taken out|destinatario)`),
		"posta queue bounce 330mmxd3p59wq":                                              queued(`^1 recipient is given up|^se renuncia a 1 `),
		"posta queue bounce --all":                                                      queued(`^1 recipient is given up|^se renuncia a 1 `),
		"posta domain recipients grupo3.net --add ana --add luis":                       {before: []string{gateway}, says: `2`},
		"posta domain recipients grupo3.net --add - < grupo3.txt":                       {before: []string{gateway}, says: `2`},
		"posta domain recipients grupo3.net":                                            {before: []string{gateway, "posta domain recipients grupo3.net --add eva"}, says: `eva@grupo3\.net`},
		"posta route add '*' isp.test:587 --tls required --user ana --password-file -":  {piped: "secret-2026\n", says: `isp\.test:587`},
		"posta route show grupo2.net":                                                   {before: []string{laid}, says: `192\.168\.50\.110`},
		"posta route list":                                                              {before: []string{laid}, says: `192\.168\.50\.110`},
		"posta route set grupo2.net 192.168.50.110:2525 192.168.50.111":                 {before: []string{laid}, says: `192\.168\.50\.110:2525, 192\.168\.50\.111`},
		"posta route set grupo2.net --tls required --ca ca.pem":                         {before: []string{laid}, says: `Escuela Lab CA`},
		"posta route set grupo2.net --tls none --ip 4":                                  {before: []string{laid}, says: `none`},
		"posta route remove grupo2.net":                                                 {before: []string{laid}},
		"posta route test bob@grupo2.net":                                               {before: []string{laid}, says: `192\.168\.50\.110:25`},
		"posta config check posta.toml":                                                 {says: `posta\.toml`},
	}
}

// Every line of every command's Example does what it says, in both languages,
// which have the same lines.
func TestExamplesRun(t *testing.T) {
	stage := newStage(t)
	lines := exampleLines(t, "en")
	if spanish := exampleLines(t, "es"); !slices.Equal(lines, spanish) {
		t.Errorf("the examples differ:\n%q\n%q", lines, spanish)
	}
	scenes := exampleScenes()
	maps.Copy(scenes, clientScenes())
	for _, line := range slices.Sorted(maps.Keys(scenes)) {
		if !slices.Contains(lines, line) {
			t.Errorf("no command has the example %q", line)
		}
	}
	for i, line := range lines {
		t.Run(line, func(t *testing.T) { stage.play(t, words.Languages()[i%2], line, scenes[line]) })
	}
}

// exampleLines are the examples of the command tree, in its order.
func exampleLines(t *testing.T, lang string) []string {
	t.Helper()
	w, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for line := range strings.Lines(c.Example) {
			line = strings.TrimSuffix(line, "\n")
			if !strings.HasPrefix(line, c.CommandPath()) {
				t.Errorf("%s has the example %q", c.CommandPath(), line)
			}
			if utf8.RuneCountInString(line) > 78 { // help sets it in by two columns
				t.Errorf("too wide for a screen: %q", line)
			}
			lines = append(lines, line)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	a := &app{words: w}
	walk(a.root())
	return lines
}

// stage holds the stores that examples begin with, made once.
type stage struct {
	folders map[string]string
	queued  string // the id of the message in the queue of the scene "queue"
}

// exampleID stands in examples for a message in the queue, whose id a test cannot choose.
const exampleID = "330mmxd3p59wq"

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{folders: map[string]string{"class": t.TempDir(), "sink": t.TempDir(), "nothing": t.TempDir(), "queue": t.TempDir()}}
	class := newSetting(t, s.folders["class"], "en")
	end := class.serve(t, "quickstart pepito.es --account pepe --account ana --account luis --account info")
	class.send(t, "luis@pepito.es", "pepe@pepito.es", "Subject: Asunto\r\n\r\nHola\r\n")
	class.send(t, "app@example.net", "pepe@pepito.es", "Subject: Second\r\nMessage-ID: <abc@example.net>\r\n\r\nHi\r\n")
	end()
	class.mustRun(t, "posta alias add ventas@pepito.es pepe@pepito.es")
	class.mustRun(t, "posta mailing-list add clase@pepito.es --member pepe@pepito.es")
	sink := newSetting(t, s.folders["sink"], "en")
	end = sink.serve(t, sinkServer)
	sink.send(t, "app@example.org", "ana@example.net", "Subject: Welcome\r\n\r\nHi\r\n")
	sink.send(t, "app@example.org", "pepe@pepito.es", "Subject: Other\r\n\r\nHi\r\n")
	end()
	s.fillQueue(t)
	return s
}

// fillQueue has a message wait to leave.
func (s *stage) fillQueue(t *testing.T) {
	t.Helper()
	if err := os.CopyFS(s.folders["queue"], os.DirFS(s.folders["class"])); err != nil {
		t.Fatal(err)
	}
	set := newSetting(t, s.folders["queue"], "en")
	set.env[passwordVariable] = recall(set.data).Passwords["pepe@pepito.es"]
	end := set.serve(t, labServer)
	set.mustRun(t, "posta route add grupo2.net 127.0.0.1:9") // where nobody is
	set.mustRun(t, "posta send --auth pepe@pepito.es --from pepe@pepito.es --to bob@grupo2.net --subject Hola --body Hola")
	end()
	status, said := set.run(t, "posta queue list --json", "")
	var one struct{ ID string }
	if err := json.Unmarshal([]byte(said), &one); status != exitDone || err != nil || one.ID == "" {
		t.Fatalf("status %d, %v: %s", status, err, said)
	}
	s.queued = one.ID
}

// play runs one line.
func (s *stage) play(t *testing.T, lang, line string, e trial) {
	if e.scene == "" {
		e.scene = "class"
	}
	if e.scene == "queue" {
		line = strings.ReplaceAll(line, exampleID, s.queued)
	}
	data := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(data, os.DirFS(s.folders[e.scene])); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(data, "session-number")) // what is there from before has its number no longer
	set := newSetting(t, data, lang)
	t.Chdir(t.TempDir())
	files(t, line)
	if e.on != "" {
		defer set.serve(t, e.on)()
		set.visit(t, e.on)
	}
	if strings.Contains(line, "--wireshark") || strings.Contains(line, "extcap") {
		t.Setenv("PATH", "") // no window of a machine that tests, and none of its folders
	}
	for _, one := range e.before {
		set.mustRun(t, one)
	}
	set.piped = e.piped
	set.env[passwordVariable] = recall(data).Passwords["pepe@pepito.es"]
	var status int
	var said string
	if e.ends {
		status, said = set.until(t, line, regexp.MustCompile(e.says))
	} else if e.serves {
		status, said = set.untilReady(t, line)
	} else {
		status, said = set.run(t, line, e.typed)
	}
	if status != e.status || !regexp.MustCompile(e.says).MatchString(said) {
		t.Errorf("%s: status %d, want %d; it said, and should fit %q:\n%s", lang, status, e.status, e.says, said)
	}
	if strings.Contains(said, "<no value>") {
		t.Errorf("a hole was left open: %s", said)
	}
	if slices.Contains(strings.Fields(line), "--json") {
		for one := range strings.Lines(said) {
			if !json.Valid([]byte(one)) {
				t.Errorf("this is no JSON: %s", one)
			}
		}
	}
}
