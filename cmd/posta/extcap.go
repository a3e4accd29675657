package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"posta/words"
)

// extcapName is the name by which Wireshark calls posta for its packets.
const extcapName = "postadump"

// calledByWireshark says that the program has that name.
func calledByWireshark(program string) bool {
	return strings.TrimSuffix(strings.ToLower(filepath.Base(program)), ".exe") == extcapName
}

// extcapFlags are what Wireshark asks, as extcap(4) has it. Later versions may
// ask more; that is passed over.
type extcapFlags struct {
	interfaces, dlts, config, capture bool
	face, version, fifo, bpf          string

	data, listener, filter string
	past, truePorts        bool
}

func (f *extcapFlags) parse(args []string) error {
	set := pflag.NewFlagSet(extcapName, pflag.ContinueOnError)
	set.ParseErrorsAllowlist.UnknownFlags = true
	set.SetOutput(io.Discard)
	set.BoolVar(&f.interfaces, "extcap-interfaces", false, "")
	set.BoolVar(&f.dlts, "extcap-dlts", false, "")
	set.BoolVar(&f.config, "extcap-config", false, "")
	set.BoolVar(&f.capture, "capture", false, "")
	set.StringVar(&f.face, "extcap-interface", "", "")
	set.StringVar(&f.version, "extcap-version", "", "")
	set.Lookup("extcap-version").NoOptDefVal = "-"
	set.StringVar(&f.fifo, "fifo", "", "")
	set.StringVar(&f.bpf, "extcap-capture-filter", "", "")
	set.StringVar(&f.data, "data", "", "")
	set.StringVar(&f.listener, "listener", "", "")
	set.StringVar(&f.filter, "filter", "", "")
	set.BoolVar(&f.past, "past", false, "")
	set.BoolVar(&f.truePorts, "true-ports", false, "")
	return set.Parse(args)
}

// extcap does what Wireshark asks of its capture interface "posta".
func (a *app) extcap(ctx context.Context, args []string) error {
	var f extcapFlags
	if err := f.parse(args); err != nil {
		return err
	}
	switch {
	case f.interfaces:
		return a.extcapSays("extcap {version=%s}{help=https://www.wireshark.org/docs/man-pages/extcap.html}\ninterface {value=posta}{display=%s}\n",
			version, a.say("extcap.interface", words.Args{"Name": "posta"}))
	case f.dlts:
		return a.extcapSays("dlt {number=1}{name=EN10MB}{display=Ethernet}\n")
	case f.config:
		return a.extcapConfig()
	case f.bpf != "": // Wireshark asks whether it is right, too
		return words.Fail("extcap.no_capture_filter", nil)
	case f.capture && f.fifo != "":
		a.data, a.json = cmp.Or(f.data, extcapData(a.Program), a.Getenv("POSTA_DATA")), false
		return a.capture(ctx, &captureFlags{write: f.fifo, quiet: true, listener: f.listener, filter: f.filter, past: f.past, standardPorts: !f.truePorts})
	}
	return words.Fail("extcap.by_hand", nil)
}

func (a *app) extcapSays(format string, args ...any) error {
	_, err := fmt.Fprintf(a.Out, format, args...)
	return err
}

// extcapConfig says what Wireshark's dialogue offers. tshark gives none of it,
// so that all are right when they are left out.
func (a *app) extcapConfig() error {
	for i, arg := range []struct{ call, kind, text, more string }{
		{"--data", "string", a.say("extcap.data", nil), a.say("extcap.data_more", nil)},
		{"--listener", "string", a.say("extcap.listener", nil), a.say("extcap.listener_more", nil)},
		{"--filter", "string", a.say("extcap.filter", nil), a.say("extcap.filter_more", nil)},
		{"--past", "boolflag", a.say("extcap.past", nil), a.say("extcap.past_more", nil)},
		{"--true-ports", "boolflag", a.say("extcap.true_ports", nil), a.say("extcap.true_ports_more", nil)},
	} {
		more := ""
		switch {
		case arg.kind == "boolflag":
			more = "{default=false}"
		case arg.call == "--data" && extcapData(a.Program) != "" && !strings.ContainsAny(extcapData(a.Program), "{}"):
			more = "{default=" + extcapData(a.Program) + "}"
		}
		if err := a.extcapSays("arg {number=%d}{call=%s}{display=%s}{tooltip=%s}{type=%s}%s\n", i, arg.call, arg.text, arg.more, arg.kind, more); err != nil {
			return err
		}
	}
	return nil
}

// extcapData is the server's folder that the installation named, "" for none. It
// stands beside the program, in a file that Wireshark, which runs what can be run,
// passes over: a link hands no arguments on.
func extcapData(program string) string {
	text, err := os.ReadFile(extcapDataFile(program))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

func extcapDataFile(program string) string { return strings.TrimSuffix(program, ".exe") + ".data" }
