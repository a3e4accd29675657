package main

import (
	"regexp"
	"strconv"
	"strings"

	"posta/words"
)

// How people read what came of an attempt to deliver. A queue and a trace keep
// posta's texts in English; another server's words stay as it said them, between
// quotation marks.

// ownText says a text of posta's that was kept in English.
func ownText(w *words.Words, text string) string {
	again, _ := w.Again("attempt", text)
	return printable(again)
}

// theirs is what another server said.
func theirs(w *words.Words, text string) string {
	return w.Say("attempt_shown.theirs", words.Args{"Text": printable(text)})
}

// replied is an attempt's answer: a reply's code, status and text, or posta's
// text where no reply came.
func replied(w *words.Words, code int, status, text string) string {
	if code == 0 {
		return ownText(w, text)
	}
	all := []string{strconv.Itoa(code)}
	if status != "" {
		all = append(all, status)
	}
	said, odd := w.Again("attempt", text)
	switch {
	case text == "":
	case odd && code/100 != 4 && code/100 != 5 && !good(code, status): // a reply where it makes no sense
		all = append(all, printable(said))
	default:
		all = append(all, theirs(w, text))
	}
	return strings.Join(all, " ")
}

// good says that a reply was the yes that it looks like.
func good(code int, status string) bool {
	return code/100 == 2 && (status == "" || status[0] == '2')
}

// replyText is replied for an answer as a trace has it, in one text. A status of
// another class than the code's is posta's, before a text of posta's, or else no
// status at all but what the other server wrote.
func replyText(w *words.Words, text string) string {
	m := regexp.MustCompile(`^([2-5]\d\d)(?: ([245]\.\d{1,3}\.\d{1,3}))?(?: (.*))?$`).FindStringSubmatch(text)
	if m == nil {
		return ownText(w, text)
	}
	code, _ := strconv.Atoi(m[1]) // three digits
	if _, own := w.Again("attempt", m[3]); m[2] != "" && m[2][0] != m[1][0] && !own {
		return replied(w, code, "", strings.TrimSpace(m[2]+" "+m[3]))
	}
	return replied(w, code, m[2], m[3])
}
