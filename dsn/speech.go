package dsn

import (
	"cmp"
	"fmt"
	"strings"
)

// speech is all that the report says to a person, in one language.
func (r *Report) speech(words *Words) string {
	var t strings.Builder
	t.WriteString(wrapped("", r.opening(words)) + "\r\n")
	for _, p := range r.paragraphs(words) {
		t.WriteString(p)
	}
	fmt.Fprintf(&t, "\r\n%s\r\n\r\n%s\r\n", r.said(words, closingOf, words.Closing), words.Attached)
	return t.String()
}

// opening says who writes, and about which message.
func (r *Report) opening(words *Words) string {
	if list := r.ofList(words); list != nil {
		return fmt.Sprintf(list.Opening, r.MTA, r.named(words, &list.Message), plain(cmp.Or(r.List, r.Unheard)))
	}
	return fmt.Sprintf(words.Opening, r.MTA, r.named(words, &words.Message))
}

// ofList are the words for a report that does not go to who wrote, or is on members of
// a list; nil for any other.
func (r *Report) ofList(words *Words) *ListWords {
	switch {
	case r.List == "" && r.Unheard != "":
		return &words.Unheard
	case r.List == "":
		return nil
	case r.Ownerless:
		return &words.Ownerless
	case r.Instead:
		list := words.OfList
		list.Subject, list.Opening = words.Instead.Subject, words.Instead.Opening
		return &list
	}
	return &words.OfList
}

// paragraphs are what the report says of each recipient. Those behind one address
// who met the same are told together, and how many they are.
func (r *Report) paragraphs(words *Words) (all []string) {
	at, alike := map[string]int{}, map[int]int{}
	var first []*Recipient
	for i := range r.Recipients {
		rc := r.spoken(i)
		text := r.about(rc, words, 1)
		n, there := at[text]
		if !there {
			n = len(all)
			at[text] = n
			all, first = append(all, text), append(first, rc)
		}
		alike[n]++
	}
	for i, rc := range first {
		if alike[i] > 1 {
			all[i] = r.about(rc, words, alike[i])
		}
	}
	return all
}

// spoken is a recipient as it is spoken of: of a list's members each by its own
// address, for the list's is said already.
func (r *Report) spoken(i int) *Recipient {
	if r.List == "" || r.Recipients[i].Original == "" {
		return &r.Recipients[i]
	}
	rc := r.Recipients[i]
	rc.Original = ""
	return &rc
}

// about is what the report says of one recipient, or of so many alike.
func (r *Report) about(rc *Recipient, words *Words, alike int) string {
	const indent = "    "
	var t strings.Builder
	t.WriteString("  " + rc.became(words, alike) + "\r\n")
	switch {
	case rc.Barred: // which it says
	case rc.Returned:
		t.WriteString(indent + words.Returned + "\r\n")
		if rc.Before != "" {
			t.WriteString(wrapped(indent, words.Before+" "+clip(plain(words.own(rc.Before)))))
		}
	case rc.Diagnostic != "":
		fmt.Fprintf(&t, indent+"%s %s\r\n", words.Answer, clip(plain(rc.Diagnostic)))
	case rc.Reason != "":
		t.WriteString(wrapped(indent, words.Reason+" "+clip(plain(words.own(rc.Reason)))))
	}
	if advice := r.advice(rc, words); advice != "" {
		t.WriteString(wrapped(indent, advice))
	}
	if !rc.RetryUntil.IsZero() {
		fmt.Fprintf(&t, indent+"%s %s\r\n", words.Until, words.date(rc.RetryUntil))
	}
	return t.String()
}

// advice is what the reader can do about a recipient. Who did not write the address
// that failed cannot mend it, and sending all of it again would bring it twice to the
// others.
func (r *Report) advice(rc *Recipient, words *Words) string {
	cause := r.cause(rc)
	others := cause.ofAddress() || cause == Expired
	switch {
	case r.List == "" && r.Unheard != "": // it is for who wrote
		return ""
	case rc.Barred && rc.Action == Failed:
		return words.Barred.Advice
	case r.List != "" && rc.Action == Failed && others:
		return fmt.Sprintf(r.ofList(words).Member, plain(address(rc)), plain(r.List))
	case rc.sentOn() && others:
		return words.Behind
	}
	return words.Advice[cause]
}

// became says what became of it, or of so many alike, in one line.
func (rc *Recipient) became(words *Words, alike int) string {
	text, whom := words.Became[rc.Action], plain(address(rc))
	switch {
	case rc.Barred && words.Barred.Became[rc.Action] != "":
		text = words.Barred.Became[rc.Action]
	case rc.OneOf:
		_, mailbox, _ := strings.Cut(rc.Final, ";")
		return fmt.Sprintf(words.OneOf, whom, plain(mailbox))
	case rc.sentOn() && alike > 1 && words.SentOnTo[rc.Action] != "":
		return fmt.Sprintf(words.SentOnTo[rc.Action], whom, alike)
	case rc.sentOn() && words.SentOn[rc.Action] != "":
		text = words.SentOn[rc.Action]
	case rc.Kept && rc.Action == Expanded && words.KeptToo != "":
		text = words.KeptToo
	case rc.List && rc.Action == Delivered:
		text = words.ToList
	}
	return fmt.Sprintf(text, whom)
}

func subjectOf(l *ListWords) map[Action]string { return l.Subject }
func closingOf(l *ListWords) map[Action]string { return l.Closing }

// said is the text for what became of the message: of a list's members that of
// lists, where there is one.
func (r *Report) said(words *Words, ofList func(*ListWords) map[Action]string, usual map[Action]string) string {
	if list := r.ofList(words); list != nil {
		if text := ofList(list)[r.sum()]; text != "" {
			return text
		}
	}
	return usual[r.sum()]
}

// clip keeps a line of the text within RFC 5322 §2.1.1; the whole diagnostic
// stands in the status part.
func clip(s string) string {
	const most = 900
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + " ..."
}

// address is the recipient as the sender knows it.
func address(rc *Recipient) string {
	named := rc.Original
	if named == "" {
		named = rc.Final
	}
	if _, a, ok := strings.Cut(named, ";"); ok {
		return a
	}
	return named
}

// sentOn says that the trouble is with another address than the one that the
// sender wrote: that one sends its mail on, as a forward or an alias does.
func (rc *Recipient) sentOn() bool {
	if rc.OneOf {
		return false
	}
	_, wrote, had := strings.Cut(rc.Original, ";")
	_, final, _ := strings.Cut(rc.Final, ";")
	return had && !strings.EqualFold(fromUnitext(wrote), fromUnitext(final))
}
