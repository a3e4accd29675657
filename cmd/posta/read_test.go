package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"posta/capture/capturetest"
)

// labCapture is a session of SMTP, one of POP3, and the end of another.
//
//go:embed testdata/lab.pcap
var labCapture []byte

// readCapture runs `posta read - …`.
func readCapture(t *testing.T, file []byte, args ...string) (status int, out, errs string) {
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), append([]string{"read", "-"}, args...), terminal{In: bytes.NewReader(file), Out: &stdout, Err: &stderr,
		Getenv: func(string) string { return "" }})
	return status, stdout.String(), stderr.String()
}

func TestReadStreams(t *testing.T) {
	status, out, errs := readCapture(t, labCapture, "--streams", "--lang", "es")
	want := `FLUJO  CLIENTE           SERVIDOR        PAQUETES  ENVIADOS  RECIBIDOS  INICIO    DURACIÓN  NOTA
0      192.0.2.10:40001  192.0.2.25:25   13        64        75         0.000000  1.200000
1      192.0.2.10:40002  192.0.2.25:110  11        17        21         1.300000  1.000000
2      192.0.2.10:40003  192.0.2.25:110  5         0         16         2.400000  0.400000  se supone quién se conectó
`
	if status != exitDone || out != want || errs != "" {
		t.Errorf("%d\n%s%s", status, out, errs)
	}
	status, out, _ = readCapture(t, labCapture, "--streams", "--format", "json")
	first, _, _ := strings.Cut(out, "\n")
	line := `{"stream":0,"node0":"192.0.2.10:40001","node1":"192.0.2.25:25","node0_to_1":{"bytes":64,"sha256":"99f89b60d0c2d8d32e4fd78530a0baa0fd2acb92b74d66df74e6e7ce238cfb35"},"node1_to_0":{"bytes":75,"sha256":"4170ae8cf4443331f298ae4606f456bd602cb29deb038d9e7f33d2627a330354"},"gap":false}`
	if status != exitDone || first != line || strings.Count(out, "\n") != 3 {
		t.Errorf("%d\n%s", status, out)
	}
}

func TestReadConversations(t *testing.T) {
	_, out, _ := readCapture(t, labCapture, "--conversations", "--lang", "en")
	want := `CLIENT      SERVER          STREAMS  PACKETS  SENT  RECEIVED  START     DURATION  REMARK
192.0.2.10  192.0.2.25:25   1        13       64    75        0.000000  1.200000
192.0.2.10  192.0.2.25:110  2        16       17    37        1.300000  1.500000
`
	if out != want {
		t.Error(out)
	}
}

// Of a damaged capture everything before is shown, and where it is damaged is said.
func TestReadDamaged(t *testing.T) {
	status, out, errs := readCapture(t, labCapture[:1000], "--streams", "--lang", "en")
	if status != exitFailed || !strings.Contains(out, "\n1 ") ||
		errs != "posta: standard input is damaged at octet 947 (block 15): it ends in the middle. The 14 packets before were read.\n" {
		t.Errorf("%d\n%s%s", status, out, errs)
	}
	for file, want := range map[string]string{
		"":                    "posta: no hay nada en la entrada estándar;",
		"Received: from mail": "posta: la entrada estándar no es una captura;",
	} {
		if status, _, errs := readCapture(t, []byte(file), "--lang", "es"); status != exitFailed || !strings.HasPrefix(errs, want) {
			t.Errorf("%q: %d %s", file, status, errs)
		}
	}
	if status, _, _ := readCapture(t, labCapture, "--streams", "--conversations"); status != exitUsage {
		t.Errorf("two lists at once: %d", status)
	}
	if status, _, _ := readCapture(t, labCapture, "--format", "xml"); status != exitUsage {
		t.Errorf("a strange format: %d", status)
	}
}

// What the command says of public captures is what tshark says of their streams.
func TestReadAsTshark(t *testing.T) {
	captures := capturetest.Dir(t)
	answers, err := filepath.Glob(captures + "/*/*.streams.jsonl")
	if err != nil || len(answers) < 40 {
		t.Fatal(answers, err)
	}
	for _, name := range answers {
		file, err := os.ReadFile(strings.TrimSuffix(name, ".streams.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		truth, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, out, errs := readCapture(t, file, "--streams", "--format", "json")
		ours := map[uint32]streamLine{}
		for line := range strings.Lines(out) {
			var one streamLine
			if err := json.Unmarshal([]byte(line), &one); err != nil {
				t.Fatal(err)
			}
			ours[one.Stream] = one
		}
		for line := range strings.Lines(string(truth)) {
			var want streamLine
			if err := json.Unmarshal([]byte(line), &want); err != nil {
				t.Fatal(err)
			}
			got := ours[want.Stream]
			if want.Gap { // tshark counts what it writes of a gap
				got.There, got.Back, want.There, want.Back = streamHalf{}, streamHalf{}, streamHalf{}, streamHalf{}
			}
			if got != want || errs != "" {
				t.Errorf("%s:\n%+v\n%+v\n%s", name, got, want, errs)
			}
		}
	}
}

// What was said to IMAP servers and to proxies is listed as such.
func TestReadOthers(t *testing.T) {
	for name, want := range map[string][]string{
		"ndpi/imap.pcap":              {" IMAP      C: C00000 CAPABILITY\n", " IMAP      S: C00001 OK LOGIN completed\n", " IMAP/IMF  S: ) | C00005 OK FETCH Completed | from employe@ent2.com | subject coucou\n"},
		"arkime/socks5-smtp-503.pcap": {" Socks     53709 → 1080", " SMTP      C: EHLO User\n"},
	} {
		file, err := os.ReadFile(filepath.Join(capturetest.Dir(t), name))
		if err != nil {
			t.Fatal(err)
		}
		_, out, errs := readCapture(t, file, "--filter", "imap or socks or smtp", "--lang", "en")
		for _, line := range want {
			if !strings.Contains(out, line) {
				t.Errorf("%s: no %q in\n%s%s", name, line, out, errs)
			}
		}
	}
}
