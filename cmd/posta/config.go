package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/config"
	"posta/server"
	"posta/words"
)

// configFile is where a configuration is looked for when none is named.
const configFile = "posta.toml"

func (a *app) configCommand() *cobra.Command {
	return a.group("config", "help.config", a.configCheckCommand(), a.configExampleCommand())
}

// configCheckCommand is `posta config check [FILE]`; --config is taken too,
// because serve has it.
func (a *app) configCheckCommand() *cobra.Command {
	var file string
	c := a.command("check", "help.config_check", func(_ context.Context, args []string) error {
		if len(args) > 0 {
			file = args[0]
		}
		return a.configCheck(file)
	})
	c.Example = "posta config check posta.toml"
	c.Use = "check [" + a.say("help.word_file", nil) + "]"
	c.Args = a.arguments(0, 1)
	c.ValidArgsFunction = nil
	c.Flags().StringVar(&file, "config", configFile, a.say("help.flag_config", nil))
	return c
}

// checked is what `posta config check --json` says.
type checked struct {
	File      string            `json:"file"`
	OK        bool              `json:"ok"`
	Listeners []checkedListener `json:"listeners"`
	Networks  []admin.Network   `json:"network_rules,omitempty"`
	Outgoing  string            `json:"outgoing"` // deliver, hold, off
	Warnings  []string          `json:"warnings,omitempty"`

	Certificates []admin.Certificate `json:"certificates,omitempty"`
}

type checkedListener struct {
	Name    string `json:"name"`
	Service string `json:"service"`
	Addr    string `json:"addr"`
	TLS     string `json:"tls"`
	Mode    string `json:"mode"`
}

func (a *app) configCheck(file string) error {
	c, err := config.Load(file)
	if err != nil {
		return err
	}
	out := checked{File: file, OK: true, Outgoing: c.Outgoing.Mode}
	for _, l := range c.Listeners {
		out.Listeners = append(out.Listeners, checkedListener{l.Name, l.Service, l.Addr, l.TLS, l.Mode})
	}
	for _, n := range c.Networks {
		out.Networks = append(out.Networks, admin.Network{CIDR: n.CIDR.String(), Name: n.Name, Auth: n.Auth, TLS: n.TLS, BareLF: n.BareLF, Relay: n.Relay})
	}
	for _, warning := range c.Warnings() {
		out.Warnings = append(out.Warnings, a.words.Error(warning))
	}
	if err := a.checkCertificates(c, &out); err != nil {
		return words.FailOf(err, "config.wrong", words.Args{"File": file})
	}
	return a.print(out, func(w io.Writer) error {
		_, _ = fmt.Fprintln(w, a.say("config.right", words.Args{"File": file}))
		columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, l := range out.Listeners {
			_, _ = fmt.Fprintf(columns, "  %s\t%s\t%s\t%s\t%s\n", l.Name, l.Service, l.Addr, l.TLS, l.Mode)
		}
		_, _ = fmt.Fprintf(columns, "  outgoing\t%s\n", out.Outgoing)
		if err := columns.Flush(); err != nil {
			return err
		}
		if err := a.networks(w, out.Networks); err != nil {
			return err
		}
		if err := a.certificates(w, out.Certificates); err != nil {
			return err
		}
		for _, warning := range out.Warnings {
			a.warn(w, warning)
		}
		return nil
	})
}

// checkCertificates reads the certificates as the server will, with the rights
// of who asks.
func (a *app) checkCertificates(c *config.Config, out *checked) error {
	all, host, err := server.Certificates(c)
	if err != nil {
		return err
	}
	out.Certificates = all
	for _, one := range all {
		if warning := a.ending(one); warning != "" {
			out.Warnings = append(out.Warnings, warning)
		}
	}
	if !host {
		out.Warnings = append(out.Warnings, a.say("config.cert_host", words.Args{"Host": c.Hostname}))
	}
	return nil
}

// configExampleCommand is `posta config example`. Windows PowerShell writes
// UTF-16 behind ">", hence --output.
func (a *app) configExampleCommand() *cobra.Command {
	var output string
	c := a.command("example", "help.config_example", func(context.Context, []string) error {
		text := config.Example(a.words.Lang())
		if output == "" {
			return a.print(example{text}, func(w io.Writer) error {
				_, err := io.WriteString(w, text)
				return err
			})
		}
		if err := writeNew(output, []byte(text), 0o644); err != nil {
			return err
		}
		return a.done("done.written", words.Args{"File": output})
	})
	c.Example = "posta config example --output posta.toml"
	c.Flags().StringVarP(&output, "output", "o", "", a.say("help.flag_output", nil))
	return c
}

// example is what `config example --json` says.
type example struct {
	TOML string `json:"toml"`
}

// writeNew writes a file that is not there yet; what holds secrets is for its
// owner alone, 0o600.
func writeNew(name string, octets []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return words.Fail("fail.file_exists", words.Args{"File": name})
	}
	if err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": name})
	}
	_, err = f.Write(octets)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(words.FailOf(err, "fail.unwritable", words.Args{"File": name}), os.Remove(name))
	}
	return nil
}
