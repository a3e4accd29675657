package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"golang.org/x/text/encoding/unicode"

	"posta/admin"
	"posta/config"
	"posta/words"
)

// puttyCommand writes the saved sessions of PuTTY for the running server's
// ports, for a double click in Windows: they need no rights.
func (a *app) puttyCommand() *cobra.Command {
	var output, host string
	c := a.command("putty", "help.putty", func(ctx context.Context, _ []string) error {
		r, err := a.running(ctx)
		if err != nil {
			return err
		}
		at := newPage(a, r).at
		if host != "" {
			at = func(*admin.Listener) string { return host }
		}
		sessions := puttySessions(r.Listeners, at)
		if len(sessions) == 0 {
			return words.Fail("fail.putty_none", nil)
		}
		text := registry(sessions)
		if output == "" {
			return a.writeRegistry(text)
		}
		file, err := asRegistryFile(text)
		if err != nil {
			return err
		}
		if err := writeNew(output, []byte(file), 0o644); err != nil {
			return err
		}
		return a.done("done.putty", words.Args{"File": output, "Count": len(sessions), "Logs": puttyLogs})
	})
	flags := c.Flags()
	flags.StringVarP(&output, "output", "o", "", a.say("help.flag_output", nil))
	flags.StringVar(&host, "host", "", a.say("help.flag_putty_host", nil))
	c.Long = a.say("help.putty_long", words.Args{"Logs": puttyLogs})
	c.Example = "posta putty -o posta.reg\nposta putty -o posta.reg --host 192.168.1.7"
	return c
}

// running is what the server says of itself, with this computer's addresses.
func (a *app) running(ctx context.Context) (ready, error) {
	client, err := a.server(ctx)
	if err != nil {
		return ready{}, err
	}
	r := ready{Ready: true}
	if err := client.Call(ctx, "status", admin.None{}, &r.Status); err != nil {
		return ready{}, err
	}
	r.Mode = modeOf(r.Listeners)
	r.seeLAN()
	return r, nil
}

// puttySession is one saved session.
type puttySession struct {
	name string
	host string
	port int
}

// puttySessions are those of the listeners that a person can speak to: PuTTY
// knows no TLS. at says where one is reached.
func puttySessions(all []admin.Listener, at func(*admin.Listener) string) []puttySession {
	var out []puttySession
	for _, l := range all {
		if l.TLS != config.TLSImplicit {
			out = append(out, puttySession{"posta " + strings.ToUpper(l.Name), at(&l), l.Port})
		}
	}
	return out
}

// writeRegistry writes to standard output: for regedit, or at a terminal for
// who wants to see it.
func (a *app) writeRegistry(text string) error {
	if f, ok := a.Out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		_, err := io.WriteString(a.Out, text)
		return err
	}
	file, err := asRegistryFile(text)
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.Out, file)
	return err
}

// asRegistryFile encodes as "Windows Registry Editor Version 5.00" wants it:
// UTF-16 with its mark, lines that end in CRLF.
func asRegistryFile(text string) (string, error) {
	return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(text, "\n", "\r\n"))
}

// puttyLogs is where PuTTY writes its logs: a folder that every Windows has,
// whoever imports the file, and in which every user may write. PuTTY takes no
// variables in it, and where it is started itself nobody may write.
const puttyLogs = `C:\Users\Public\Documents`

// registry is the text of a file for regedit. The values are PuTTY's own (its
// settings.c and putty.h): CloseOnExit 0 is "Never", LocalEcho and LocalEdit 2
// are "Auto", LogType 1 logs what can be printed, LogFileClash 0 appends.
func registry(sessions []puttySession) string {
	var b strings.Builder
	b.WriteString("Windows Registry Editor Version 5.00\n")
	for _, s := range sessions {
		fmt.Fprintf(&b, "\n[HKEY_CURRENT_USER\\Software\\SimonTatham\\PuTTY\\Sessions\\%s]\n", strings.ReplaceAll(s.name, " ", "%20"))
		fmt.Fprintf(&b, "\"HostName\"=%q\n\"PortNumber\"=dword:%08x\n", s.host, s.port)
		log := puttyLogs + `\` + strings.ReplaceAll(s.name, " ", "-") + "-&Y&M&D-&T.log"
		fmt.Fprintf(&b, "\"WinTitle\"=%q\n\"LogFileName\"=%q\n", s.name, log)
		b.WriteString("\"Protocol\"=\"raw\"\n\"LineCodePage\"=\"UTF-8\"\n")
		for _, v := range []struct {
			name  string
			value int
		}{{"Present", 1}, {"CloseOnExit", 0}, {"WarnOnClose", 0}, {"LocalEcho", 2}, {"LocalEdit", 2}, {"LogType", 1}, {"LogFileClash", 0}, {"LogFlush", 1}} {
			fmt.Fprintf(&b, "%q=dword:%08x\n", v.name, v.value)
		}
	}
	return b.String()
}
