package main

import (
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/check"
	"posta/fault"
	"posta/observe"
	"posta/trace"
)

// documented is everything that --json writes, under its heading in docs/json.md.
func documented() map[string]any {
	return map[string]any{
		"Error": failureFacts{}, "Ready": ready{}, "LANAddress": lanAddress{}, "CardAccount": cardAccount{}, "Status": admin.Status{}, "Listener": admin.Listener{}, "Network": admin.Network{}, "ShutOut": admin.ShutOut{},
		"Recipient": admin.Recipient{}, "RecipientsChanged": admin.RecipientsChanged{}, "Route": admin.Route{}, "RouteTest": admin.RouteTest{}, "RouteTarget": admin.RouteTarget{}, "RouteWithout": admin.RouteWithout{},
		"Queued": admin.Queued{}, "Tried": admin.Tried{}, "QueueDepth": admin.QueueDepth{}, "QueueChanged": admin.QueueChanged{}, "Health": admin.Health{}, "Domain": admin.Domain{}, "DomainRemoved": admin.DomainRemoved{}, "Published": published{}, "SigningKey": admin.SigningKey{}, "Account": admin.Account{}, "Imported": imported{}, "Site": admin.Site{}, "NamedQueue": admin.NamedQueue{}, "Collected": admin.Collected{}, "Stayed": admin.Stayed{}, "Running": admin.Running{}, "Alias": admin.Alias{},
		"List": admin.List{}, "Message": admin.Message{}, "Fault": fault.Rule{}, "Cleared": admin.Cleared{}, "ShownMessage": shownMessage{}, "Attachment": admin.Attachment{}, "Deleted": admin.Deleted{}, "Submitted": admin.Submitted{}, "Session": observe.Session{},
		"Transcript": observe.Transcript{}, "Line": observe.Line{}, "Story": trace.Story{}, "Step": trace.Step{}, "Ban": check.Watched{}, "StoreCheck": storeChecked{}, "Trouble": shownTrouble{}, "StoreRepair": storeRepaired{}, "StoreCopy": storeCopied{},
		"Scripted": scripted{}, "Saved": savedShown{}, "Sent": sent{}, "SentRecipient": sentRecipient{}, "Probed": probed{}, "ProbedHost": probedHost{}, "ProbedAddress": probedAddress{}, "ProbedCertificate": probedCertificate{}, "Waiting": waiting{}, "Got": got{},
		"Checked": checked{}, "CheckedListener": checkedListener{}, "Certificate": admin.Certificate{}, "Version": build{}, "OK": nothing{}, "Example": example{}, "Encoded": encoded{},
		"Watched": watched{}, "Exported": exported{}, "Drawn": drawnDiagram{}, "Captured": captured{}, "Extcap": extcapFile{}, "Recorded": admin.Recorded{}, "Capture": capturedFacts{}, "Adapter": captureAdapter{}, "Stream": streamLine{}, "StreamHalf": streamHalf{}, "Conversation": conversation{},
		"Finding": findingLine{}, "Credential": credential{}, "Lesson": lessonLine{}, "LessonTurned": lessonTurned{}, "LessonUser": lessonUser{}, "LessonMessage": lessonMessage{}, "Interface": shownInterface{},
		"Report":     reported{},
		"Statistics": statistics{}, "CommandCount": commandCount{}, "ReplyCount": replyCount{}, "IntervalCount": intervalCount{}, "Endpoint": endpoint{},
		"ExportedMail": exportedMail{}, "Followed": followed{}, "Annotated": annotatedAct{}, "AnnotatedLine": annotatedLine{},
	}
}

// docs/json.md says of every field what the code says, and nothing else.
func TestJSONIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([^|]+?) \\| *(\\*opt\\.\\*)?")
	_, reference, _ := strings.Cut(string(text), "\n## JSON\n")
	said := map[string][]string{}
	for _, section := range strings.Split(reference, "\n### ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		said[heading] = []string{}
		for _, m := range row.FindAllStringSubmatch(body, -1) {
			said[heading] = append(said[heading], strings.TrimSpace(m[1]+" "+m[2]+" "+m[3]))
		}
	}
	types := documented()
	names := map[reflect.Type]string{}
	for heading, value := range types {
		names[reflect.TypeOf(value)] = heading
	}
	for heading, value := range types {
		base := ""
		switch heading { // some fields are documented elsewhere
		case "Transcript":
			base = "Session"
		case "ShownMessage":
			base = "Message"
		case "Got":
			base = "Waiting"
		}
		want := fieldsOf(reflect.TypeOf(value), names, base)
		if got, ok := said[heading]; !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("docs/json.md, %s:\n%s\nthe code:\n%s", heading, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	for heading := range said {
		if _, ok := types[heading]; !ok {
			t.Errorf("docs/json.md explains %s, which the test does not know", heading)
		}
	}
}

// fieldsOf gives "name type", with "*opt.*" behind what may be left out.
func fieldsOf(t reflect.Type, names map[reflect.Type]string, skip string) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		if f.Anonymous {
			if names[f.Type] != skip || skip == "" {
				out = append(out, fieldsOf(f.Type, names, skip)...)
			}
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		field := name + " " + typeOf(f.Type, names)
		if strings.Contains(options, "omit") {
			field += " *opt.*"
		}
		out = append(out, field)
	}
	return out
}

func typeOf(t reflect.Type, names map[reflect.Type]string) string {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[netip.AddrPort]():
		return "string"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Pointer:
		return typeOf(t.Elem(), names)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "string" // in base64
		}
		return "list of " + typeOf(t.Elem(), names)
	case reflect.Struct:
		return names[t]
	case reflect.Map:
		return "object"
	case reflect.Int, reflect.Int64, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float64:
		return "number"
	}
	return fmt.Sprint("? ", t)
}
