//go:build whole

package tshark_test

import (
	"encoding/base64"
	"fmt"
	"html"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// list says what a reply of more lines answers.
func (s *session) list(line string) {
	s.t.Helper()
	s.say(line)
	for {
		if text, err := s.in.ReadString('\n'); err != nil {
			s.t.Fatal(err)
		} else if text == ".\r\n" {
			return
		}
	}
}

// quit says good-bye, and closes when the server has.
func (s *session) quit() {
	s.t.Helper()
	s.say("QUIT")
	if _, err := s.in.ReadByte(); err == nil {
		s.t.Error("the server goes on after QUIT")
	}
	_ = s.conn.Close()
}

func code(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// The course's three dialogues, by hand.
func dialogues(t *testing.T, smtp, pop string) {
	t.Helper()
	first := call(t, smtp)
	for _, line := range []string{"HELO jaramillo.edu.ec", "MAIL FROM: luis@jaramillo.edu.ec", "RCPT TO: gorka@pepito.es", "DATA", "luis jaramillo uday\r\n."} {
		first.say(line)
	}
	first.quit()
	second := call(t, smtp)
	for _, line := range []string{"HELO arquiredes.net", "AUTH LOGIN", code("pepe@pepito.es"), code("secret-2026"), "MAIL FROM: pepe@pepito.es",
		"RCPT TO: gorka@pepito.es", "RCPT TO: nobody@pepito.es", "DATA", "subject: Asunto\r\nEste mensaje es de prueba.\r\nProbamos el protocolo SMTP.\r\n."} {
		second.say(line)
	}
	second.quit()
	third := call(t, pop)
	for _, line := range []string{"USER gorka", "PASS secret-2026", "STAT"} {
		third.say(line)
	}
	third.list("LIST")
	third.list("RETR 2")
	third.list("TOP 1 5")
	for _, line := range []string{"DELE 1", "RSET", "NOOP"} {
		third.say(line)
	}
	third.quit()
}

// told is what a report says of the sessions, without what depends on who
// captured: when exactly, and in which packets.
func told(t *testing.T, file string) (diagram, transcript, findings, learnt []string) {
	t.Helper()
	octets, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := counted(string(octets))
	part := func(n int) string {
		_, rest, _ := strings.Cut(text, fmt.Sprintf("<h2>%d. ", n))
		rest, _, _ = strings.Cut(rest, "<h2>")
		return rest
	}
	clock := regexp.MustCompile(`\d\d:\d\d:\d\d\.\d{3}|^\d+\.\d{3}$|\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d|\d+\.\d{3} s|frame \d+|\d+ s\.`)
	pick := func(part, pattern string) (all []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(part, -1) {
			bare := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[1], "|"))
			if bare = clock.ReplaceAllString(bare, "~"); bare != "" && bare != "~" {
				all = append(all, bare)
			}
		}
		return all
	}
	transcript = pick(part(3), `(?s)<tr class="\w*"><td[^>]*>[^<]*</td><td class="right[^"]*">[^<]*</td>(.*?)</tr>`)
	return pick(part(2), `(?s)<text[^>]*>(.*?)</text>`), transcript, pick(part(4), `(?s)<div class="card (.*?)</div>`), pick(part(5), `(?s)<li>(.*?)</li>`)
}

// counted counts sessions from 1, which have the list's numbers where the server
// recorded them, and those of streams in a capture.
func counted(text string) string {
	places := map[string]string{}
	for _, m := range regexp.MustCompile(`(?:Session|Stream) (\d+) \(`).FindAllStringSubmatch(text, -1) {
		if places[m[1]] == "" {
			places[m[1]] = fmt.Sprint("#", len(places)+1)
		}
	}
	number := regexp.MustCompile(`\d+`)
	place := func(n string) string {
		if p := places[n]; p != "" {
			return p
		}
		return n
	}
	text = regexp.MustCompile(`(?i)(?:session|stream)(s?) [\d, and]+`).ReplaceAllStringFunc(text, func(one string) string {
		one = regexp.MustCompile(`(?i)^(?:session|stream)`).ReplaceAllString(one, "session")
		return number.ReplaceAllStringFunc(one, place)
	})
	return regexp.MustCompile(`>\d+</text>`).ReplaceAllStringFunc(text, func(badge string) string { return number.ReplaceAllStringFunc(badge, place) })
}

// A report of the server's own recording says the same as one of what tshark
// captured meanwhile: the same diagram, transcript, findings and lesson.
func TestTheSameReport(t *testing.T) {
	if !alone(t) {
		return
	}
	b := newBench(t)
	addresses := b.lab(t, "--account", "gorka:secret-2026")
	_, smtp, _ := net.SplitHostPort(addresses["smtp"])
	_, pop, _ := net.SplitHostPort(addresses["pop3"])
	folder := t.TempDir()
	captured := filepath.Join(folder, "captured.pcapng")
	await, end := b.lines(t, "tshark", "-i", "lo", "-B", "16", "-f", "tcp port "+smtp+" or tcp port "+pop, "-d", "tcp.port=="+smtp+",smtp", "-w", captured, "-P", "-l")
	stop := knock(addresses["smtp"])
	await("QUIT")
	stop()
	dialogues(t, addresses["smtp"], addresses["pop3"])
	call(t, addresses["smtp"]).say("EHLO last.example")
	await("EHLO last.example")
	end()

	list := b.must(t, "posta", "session", "list", "--json", "--limit", "4")
	ids := regexp.MustCompile(`(?m)^\{"id":(\d+),`).FindAllStringSubmatch(list, -1)
	if len(ids) != 4 {
		t.Fatalf("the last sessions are\n%s", list)
	}
	slices.Reverse(ids)
	own, theirs := filepath.Join(folder, "own.html"), filepath.Join(folder, "theirs.html")
	b.must(t, "posta", "report", ids[0][1], ids[1][1], ids[2][1], "-o", own, "--answers")
	b.must(t, "posta", "report", captured, "-o", theirs, "--answers", "--filter", `smtp.req.command == "MAIL" or pop.request.command == "RETR"`)

	names := []string{"the diagram", "the transcript", "the findings", "the lesson"}
	var ownTold, theirsTold [4][]string
	ownTold[0], ownTold[1], ownTold[2], ownTold[3] = told(t, own)
	theirsTold[0], theirsTold[1], theirsTold[2], theirsTold[3] = told(t, theirs)
	for i, name := range names {
		if len(ownTold[i]) < 8 {
			t.Errorf("%s is only %q", name, ownTold[i])
		}
		if !slices.Equal(ownTold[i], theirsTold[i]) {
			t.Errorf("%s differs; of posta's own recording\n%s\nof tshark's capture\n%s", name, strings.Join(ownTold[i], "\n"), strings.Join(theirsTold[i], "\n"))
		}
	}
	for _, must := range []string{"password", "secret-2026", "luis jaramillo uday", "Probamos el protocolo SMTP."} {
		if !strings.Contains(fmt.Sprint(ownTold), must) {
			t.Errorf("the report does not have %q", must)
		}
	}
}
