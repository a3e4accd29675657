package main

import (
	"context"
	"encoding/base64"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"posta/words"
)

// encoded is what `posta base64 --json` says.
type encoded struct {
	Text   string `json:"text"`
	Base64 string `json:"base64"`
}

// base64Command writes what AUTH wants, and reads what a capture shows.
func (a *app) base64Command() *cobra.Command {
	var decode, plain, raw bool
	c := a.command("base64", "help.base64", func(_ context.Context, args []string) error {
		switch {
		case plain && (decode || len(args) != 2):
			return usage(words.Fail("fail.base64_plain", nil))
		case plain:
			return a.encode("\x00" + args[0] + "\x00" + args[1])
		}
		text := strings.Join(args, " ")
		if len(args) == 0 {
			all, err := io.ReadAll(io.LimitReader(a.In, maxBase64))
			if err != nil {
				return err
			}
			text = strings.TrimRight(string(all), "\r\n")
		}
		if !decode {
			return a.encode(text)
		}
		return a.decode(text, raw)
	})
	flags := c.Flags()
	flags.BoolVarP(&decode, "decode", "d", false, a.say("help.flag_decode", nil))
	flags.BoolVar(&plain, "plain", false, a.say("help.flag_plain", nil))
	flags.BoolVar(&raw, "raw", false, a.say("help.flag_raw", nil))
	c.Long = a.say("help.base64_long", nil)
	c.Example = "posta base64 pepe@pepito.es\nposta base64 --plain pepe@pepito.es ceda-4729\nposta base64 -d AHBlcGVAcGVwaXRvLmVzAGNlZGEtNDcyOQ=="
	a.taking(c, 0, -1, "help.word_text")
	c.Args = cobra.ArbitraryArgs // an empty text is one, too
	return c
}

// maxBase64 bounds what is read from standard input.
const maxBase64 = 16 << 20

func (a *app) encode(text string) error {
	out := encoded{text, base64.StdEncoding.EncodeToString([]byte(text))}
	return a.print(out, line(out.Base64))
}

// decode takes base64 as captures show it: with or without padding, in the
// alphabet of RFC 4648 §4 or §5, with line ends inside.
func (a *app) decode(text string, raw bool) error {
	packed := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return r
	}, text)
	octets, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(packed, "="))
	if err != nil {
		return words.Fail("fail.base64", words.Args{"Text": printable(text)})
	}
	if raw {
		_, err := a.Out.Write(octets)
		return err
	}
	return a.print(encoded{string(octets), text}, line(printable(string(octets))))
}
