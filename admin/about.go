package admin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// aboutOf picks what an operation is about out of its request, and nothing else:
// a request may hold a password. What the operation does not read does not count.
func aboutOf[In any](raw json.RawMessage) string {
	var in In
	if json.Unmarshal(raw, &in) != nil {
		return ""
	}
	read, err := json.Marshal(in)
	if err != nil {
		return ""
	}
	return about(read)
}

// about names all that says on what an operation works, the first without a word
// before it.
func about(read json.RawMessage) string {
	var in struct {
		IDs, UIDs                                                []uint64
		ID                                                       uint64
		Address, To, Account, Domain, Name, Target, Listener, At string
		All                                                      bool
		Host                                                     string
		Queue                                                    []string
		Sender                                                   string
		Held                                                     *bool
	}
	if json.Unmarshal(read, &in) != nil {
		return ""
	}
	if in.Address != "" {
		in.Name = "" // whose address it is
	}
	var number string
	if in.ID != 0 {
		number = strconv.FormatUint(in.ID, 10)
	}
	var all []string
	for _, one := range []struct{ word, text string }{
		{"sessions", ranges(in.IDs, "sessions")}, {"number", number}, {"address", plain(in.Address)}, {"to", plain(in.To)},
		{"host", plain(in.Host)}, {"account", plain(in.Account)}, {"domain", plain(in.Domain)}, {"name", plain(in.Name)}, {"target", plain(in.Target)},
		{"queue", names(in.Queue)}, {"sender", plain(in.Sender)}, {"listener", plain(in.Listener)}, {"at", plain(in.At)}, {"messages", ranges(in.UIDs, "messages")},
	} {
		switch {
		case one.text == "":
		case len(all) == 0:
			all = append(all, one.text)
		default:
			all = append(all, one.word+" "+one.text)
		}
	}
	switch {
	case in.Held == nil:
	case *in.Held:
		all = append(all, "held")
	default:
		all = append(all, "not held")
	}
	if in.All {
		all = append(all, "all messages")
	}
	return strings.Join(all, "; ")
}

// names lists them.
func names(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return plain(strings.Join(all, ","))
}

// maxAbout bounds what is written of one thing, in octets.
const maxAbout = 200

// plain gives a text so that it cannot pass for several.
func plain(text string) string {
	if len(text) > maxAbout {
		text = strings.ToValidUTF8(text[:maxAbout], "") + "…"
	}
	if strings.ContainsAny(text, ";\"") {
		return fmt.Sprintf("%q", text)
	}
	return text
}

// ranges writes numbers in order, each once, "3,7-9"; where that is too long,
// how many of what there are.
func ranges(ids []uint64, what string) string {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var text []byte
	for i := 0; i < len(ids); i++ {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendUint(text, ids[i], 10)
		first := i
		for i+1 < len(ids) && ids[i+1] == ids[i]+1 {
			i++
		}
		if i > first {
			text = strconv.AppendUint(append(text, '-'), ids[i], 10)
		}
		if len(text) > maxAbout {
			return strconv.Itoa(len(ids)) + " " + what
		}
	}
	return string(text)
}
