package main

import (
	"regexp"
	"strings"

	"posta/words"
)

// remarks are the notes that the rooms make on a session, as ids of words/ and
// the names of what they hold. In a recording a note is English, and stays so;
// its English text in the catalog is how it is known again when it is shown.
func remarks() map[string][]string {
	return map[string][]string{
		"note.field_removed":    {"Field"},
		"note.line_inserted":    nil,
		"note.missed":           {"ID", "To", "Why"},
		"note.unsent":           {"ID", "To", "Why"},
		"note.not_signed":       nil,
		"note.seven_bits":       nil,
		"note.narrow_report":    nil,
		"note.unasked":          {"Host", "Why", "Address", "Date"},
		"note.from_unreadable":  {"Field"},
		"note.from_login":       {"Field", "Address"},
		"note.from_path":        {"Field"},
		"note.foreign":          {"Field", "Address"},
		"note.no_report":        {"Address"},
		"note.date":             nil,
		"note.message_id":       nil,
		"note.chunk_end":        nil,
		"note.lax_path":         {"Verb"},
		"note.auth_helo":        nil,
		"note.auth_clear":       nil,
		"note.params_helo":      {"Verb"},
		"note.verfy":            nil,
		"note.on_purpose":       {"ID", "What"},
		"note.fault":            {"Error"},
		"note.lax_name":         {"Verb"},
		"note.unseen":           {"Octets"},
		"note.not_kept":         {"Lines"},
		"note.tls":              {"Version"},
		"note.unfinished":       {"Marked"},
		"note.body":             {"Octets"},
		"note.delete_failed":    {"Error"},
		"note.http":             nil,
		"note.read_failed":      {"Error"},
		"note.unlock_failed":    {"Error"},
		"note.bare_lf":          nil,
		"note.telnet":           {"Octets"},
		"note.edited":           {"Line"},
		"note.edited_secret":    nil,
		"note.edited_data":      nil,
		"note.edited_dot":       nil,
		"note.bare_data":        nil,
		"note.bare_normal":      nil,
		"note.handed_in":        {"User"},
		"note.network_clear":    {"Network"},
		"note.network_nobody":   {"Network"},
		"note.queued":           {"ID", "To"},
		"note.relayed":          {"ID", "To"},
		"note.delayed":          {"ID", "To"},
		"note.given_up":         {"ID", "To"},
		"note.nothing_waits":    nil,
		"note.turned":           nil,
		"note.no_way":           {"Domain"},
		"note.asks":             {"Session", "To"},
		"note.asks_alone":       {"To"},
		"note.was_asked":        {"Host", "To", "Said", "Session"},
		"note.not_asked":        {"Host", "To", "Said"},
		"note.said_before":      {"Host", "To", "At", "Said", "Session"},
		"note.silent_before":    {"Host", "To", "At", "Said"},
		"note.released":         {"Domain", "Waiting"},
		"note.released_to":      {"Hosts", "Domain", "Waiting"},
		"note.nothing_released": nil,
		"note.left":             {"UIDL", "Octets", "From", "Why"},
		"note.behind":           {"Verb"},
	}
}

// hole stands for what a remark holds while its pattern is made.
const hole = "\x01"

// remarker says notes in the user's language.
type remarker struct {
	words    *words.Words
	patterns map[string]*regexp.Regexp
}

func newRemarker(w *words.Words) (*remarker, error) {
	english, err := words.New(words.Fallback)
	if err != nil {
		return nil, err
	}
	r := &remarker{w, map[string]*regexp.Regexp{}}
	for id, names := range remarks() {
		args := words.Args{}
		for _, name := range names {
			args[name] = hole
		}
		text := strings.ReplaceAll(regexp.QuoteMeta(english.Say(id, args)), hole, "(.*)")
		if r.patterns[id], err = regexp.Compile("^" + text + "$"); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// reason is why, as a note has it.
func (r *remarker) reason(id, why string) string {
	if id == "note.left" {
		return collectReason(r.words, why)
	}
	again, _ := r.words.Again("attempt", why)
	return again
}

// say is a note in the user's language; one that nobody knows, as a recording
// of a later posta may have, stays as it is.
func (r *remarker) say(note string) string {
	inner, bracketed := strings.CutPrefix(note, "[")
	if bracketed {
		inner, bracketed = strings.CutSuffix(inner, "]")
	}
	if !bracketed {
		inner = note
	}
	for id, pattern := range r.patterns {
		m := pattern.FindStringSubmatch(inner)
		if m == nil {
			continue
		}
		args := words.Args{}
		for i, name := range remarks()[id] {
			if args[name] = m[i+1]; name == "Said" {
				args[name] = replyText(r.words, m[i+1])
			}
			if name == "Why" {
				args[name] = r.reason(id, m[i+1])
			}
		}
		if text := r.words.Say(id, args); bracketed {
			return "[" + text + "]"
		} else {
			return text
		}
	}
	if again, known := r.words.Again("attempt", inner); known && bracketed {
		return "[" + again + "]"
	}
	return note
}
