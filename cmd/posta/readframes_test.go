package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"posta/capture/capturetest"
)

func TestReadFrames(t *testing.T) {
	status, out, errs := readCapture(t, labCapture, "--filter", "tcp.stream == 1 and (pop.request or tcp.flags.syn == 1)", "--lang", "es")
	want := `TRAMA  TIEMPO    ORIGEN      DESTINO     PROTOCOLO  CONTENIDO
14     1.300000  192.0.2.10  192.0.2.25  TCP        40002 → 110 [SYN] Seq=0 Len=0
15     1.400000  192.0.2.25  192.0.2.10  TCP        110 → 40002 [SYN, ACK] Seq=0 Ack=1 Len=0
18     1.700000  192.0.2.10  192.0.2.25  POP        C: USER pepe
20     1.900000  192.0.2.10  192.0.2.25  POP        C: QUIT
`
	if status != exitDone || out != want || errs != "" {
		t.Errorf("%d\n%s%s", status, out, errs)
	}
	_, out, _ = readCapture(t, labCapture, "--filter", "smtp.response.code", "--fields", "frame.number, tcp.port,smtp.response.code")
	want = `frame.number  tcp.port  smtp.response.code
4             25,40001  220
6             25,40001  250
8             25,40001  250
10            25,40001  221
`
	if out != want {
		t.Error(out)
	}
}

// A mistake is marked where it is, also in a filter that is long, and in both forms.
func TestReadFilterMistakes(t *testing.T) {
	for _, one := range []struct{ filter, want string }{
		{`smtp.req.comand == "RCPT"`, `posta: --filter, column 1: posta knows no field "smtp.req.comand"; did you mean smtp.req.command?
    smtp.req.comand == "RCPT"
    ^~~~~~~~~~~~~~~
"posta read --help" explains the command.
`},
		{strings.Repeat("tcp and ", 20) + "tcp.prot == 25", `posta: --filter, column 161: posta knows no field "tcp.prot"; did you mean tcp.port?
    p and tcp and tcp and tcp and tcp.prot == 25
                                  ^~~~~~~~
"posta read --help" explains the command.
`},
		{"tcp.port ==", `posta: --filter, column 12: the filter ends where a field or a value should follow
    tcp.port ==
               ^
"posta read --help" explains the command.
`},
	} {
		status, out, errs := readCapture(t, labCapture, "--filter", one.filter, "--lang", "en")
		if status != exitUsage || out != "" || errs != one.want {
			t.Errorf("%d %s%s", status, out, errs)
		}
	}
	for _, args := range [][]string{{"--fields", "smtp.nothing"}, {"--decode-as", "tcp.port=25,smtp"}, {"--decode-as", "tcp.port==70000,smtp"},
		{"--decode-as", "tcp.port==25,http"}, {"--filter", "tcp", "--streams"}, {"--fields", "tcp.port", "--conversations"}} {
		if status, _, _ := readCapture(t, labCapture, args...); status != exitUsage {
			t.Errorf("%q: %d", args, status)
		}
	}
	_, out, errs := readCapture(t, labCapture, "--filter", "tls.reassembled_in", "--lang", "en")
	if out != "no frame matches\n" || errs != "posta does not read tls.reassembled_in: no frame has it.\n" {
		t.Errorf("%s%s", out, errs)
	}
	for _, args := range [][]string{{"--filter", "smtp.req.command == BDAT"}, {"--filter", "tcp.port == 1", "--format", "json"}} {
		if status, _, _ := readCapture(t, labCapture, append(args, "--fail-empty")...); status != exitFailed {
			t.Errorf("%q: %d", args, status)
		}
	}
}

// answered are the fields of *.tshark.jsonl that are held against it. Of the
// others, docs/dissection.md tells.
func answered() string {
	return "frame.number,frame.time_epoch,ip.src,ip.dst,ipv6.src,ipv6.dst,tcp.srcport,tcp.dstport,tcp.stream,tcp.seq,tcp.len," +
		"smtp.req.command,smtp.req.parameter,smtp.response.code,smtp.rsp.parameter,smtp.eom," +
		"pop.request.command,pop.request.parameter,pop.response.indicator,pop.response.description," +
		"smtp.data.fragment,smtp.data.reassembled.length,pop.data.fragment,pop.data.reassembled.length," +
		"imf.from,imf.to,imf.cc,imf.subject,imf.date,imf.message_id,imf.content.type"
}

// An object is what tshark prints for a frame, field by field.
func TestReadFramesAsTshark(t *testing.T) {
	frames := 0
	for _, answer := range capturetest.Answers(t) {
		path := strings.TrimSuffix(answer, ".tshark.jsonl")
		name := strings.TrimPrefix(path, capturetest.Dir(t)+"/")
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		status, out, errs := readCapture(t, file, "--fields", answered(), "--format", "json", "--decode-as", "tcp.port==2525,smtp")
		if status != exitDone {
			t.Fatalf("%s: %d %s", name, status, errs)
		}
		ours := objects(t, out)
		text, err := os.ReadFile(answer)
		if err != nil {
			t.Fatal(err)
		}
		for number, want := range objects(t, string(text)) {
			got := ours[number]
			if imap, _ := want["_ws.col.Protocol"].(string); strings.HasPrefix(imap, "IMAP") {
				continue // which is not read
			}
			differ := slices.Contains(differing(), name+" "+want["tcp.stream"].(string))
			octets := name == "suricata-verify/pop3-02-bug-7709.pcap" // its greeting is GB 2312; docs/dissection.md
			for field := range strings.SplitSeq(answered(), ",") {
				frames++
				spoken := strings.HasPrefix(field, "smtp.") || strings.HasPrefix(field, "pop.") || strings.HasPrefix(field, "imf.")
				if shown(got[field]) != shown(want[field]) && !(spoken && (differ || octets && field == "pop.response.description" || startTLS(got, want))) {
					t.Errorf("%s, frame %s: %s: tshark %s, posta %s", name, number, field, shown(want[field]), shown(got[field]))
				}
			}
		}
	}
	if frames < 20000 {
		t.Errorf("only %d fields were compared", frames)
	}
}

// differing are the streams that dissect's own test lists.
func differing() []string {
	text, err := os.ReadFile("../../dissect/truth_test.go")
	if err != nil {
		return nil
	}
	var all []string
	for _, name := range []string{"func differs()", "func differsInMail()"} {
		_, list, _ := strings.Cut(string(text), name)
		list, _, _ = strings.Cut(list, "\n}\n")
		for _, m := range regexp.MustCompile(`"([^"]+ \d+)"`).FindAllStringSubmatch(list, -1) {
			all = append(all, m[1])
		}
	}
	return all
}

// startTLS says that tshark has cut the command's last letters off.
func startTLS(got, want map[string]any) bool {
	command, _ := got["smtp.req.command"].(string)
	return strings.EqualFold(command, "STARTTLS") && want["smtp.req.parameter"] == command[5:]
}

// shown is a value, cut as the answers are; octets that are no UTF-8 are �.
func shown(value any) string {
	var all []string
	switch value := value.(type) {
	case string:
		all = []string{value}
	case []any:
		for _, one := range value[:min(60, len(value))] {
			all = append(all, one.(string))
		}
	}
	for i, one := range all {
		if at := strings.LastIndex(one, "...["); at >= 0 && strings.HasSuffix(one, "]") {
			one = one[:at]
		}
		all[i] = string([]rune(one)[:min(200, len([]rune(one)))])
	}
	return strings.Join(all, "|")
}

// objects are those of a text, by their frames' numbers.
func objects(t *testing.T, text string) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for line := range strings.Lines(text) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all[one["frame.number"].(string)] = one
	}
	return all
}

// Rows come in the order of their frames, also where octets had to wait.
func TestReadFramesInOrder(t *testing.T) {
	for _, name := range []string{"suricata-verify/bug-3616-smtp.pcap", "suricata-verify/smtp-bug-5981.pcap", "zeek/smtp-bdat-gap.pcap"} {
		file, err := os.ReadFile(capturetest.Dir(t) + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		_, out, _ := readCapture(t, file, "--fields", "frame.number")
		lines := strings.Fields(out)[1:]
		for i, line := range lines {
			if line != strconv.Itoa(i+1) {
				t.Errorf("%s: frame %s is row %d", name, line, i+1)
				break
			}
		}
	}
}

// A frame is one line, whatever line ends its fields have, and says how many
// messages it bears.
func TestReadFramesOneLine(t *testing.T) {
	for name, want := range map[string]string{
		"zeek/smtp-attachment-msg.pcap": "14            SMTP/IMF/IMF      multipart/mixed; boundary=\"===============6117237608014356945==\"\n",
		"ndpi/imap.pcap":                "32            IMAP/IMF          )\\r\\n,C00005 OK FETCH Completed\\r\\n\n",
	} {
		file, err := os.ReadFile(filepath.Join(capturetest.Dir(t), name))
		if err != nil {
			t.Fatal(err)
		}
		column := "imap.line"
		if strings.HasPrefix(name, "zeek") {
			column = "imf.content.type"
		}
		_, out, _ := readCapture(t, file, "--filter", "imf", "--fields", "frame.number,_ws.col.Protocol,"+column)
		if _, rows, _ := strings.Cut(out, "\n"); rows != want {
			t.Errorf("%s:\n%s", name, out)
		}
	}
}
