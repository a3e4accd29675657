package main

import (
	"strings"

	"posta/admin"
	"posta/words"
)

// sendmailOptions are what the command line of sendmail says.
type sendmailOptions struct {
	help    bool
	data    string
	extract bool // -t
	dots    bool // -i: a dot alone is no end
	verbose bool // -v
	from    string
	null    bool // -f <>
	name    string
	notify  string
	ret     string
	envID   string
	to      []string
}

// sendmailLetters are the letters that sendmail knows, and behind those with a
// colon comes a value. Postfix takes the same ones.
const sendmailLetters = "A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:q:r:tvx"

// parseSendmail reads a command line as getopt does: letters may stand
// together, a value may stand behind its letter or be the next word, and --
// ends the flags.
func parseSendmail(args []string) (o sendmailOptions, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			o.to = append(o.to, args[i+1:]...)
			return o, nil
		case strings.HasPrefix(arg, "--"):
			used, err := o.long(arg[2:], args[i+1:])
			if err != nil {
				return o, err
			}
			i += used
		case len(arg) > 1 && arg[0] == '-':
			used, err := o.letters(arg[1:], args[i+1:])
			if err != nil {
				return o, err
			}
			i += used
		default:
			o.to = append(o.to, arg)
		}
	}
	return o, nil
}

// long is one of posta's own flags; used is how many of the next words it took.
func (o *sendmailOptions) long(flag string, next []string) (used int, err error) {
	name, value, has := strings.Cut(flag, "=")
	switch name {
	case "help":
		o.help = true
		return 0, nil
	case "json":
		return 0, nil
	case "data", "lang": // --lang was read before there were words
	default:
		return 0, words.Fail("fail.flag_unknown", words.Args{"Flag": "--" + name})
	}
	if !has {
		if len(next) == 0 {
			return 0, words.Fail("fail.flag_bare", words.Args{"Flag": "--" + name})
		}
		value, used = next[0], 1
	}
	if name == "data" {
		o.data = value
	}
	return used, nil
}

// letters is a word of flags in one letter.
func (o *sendmailOptions) letters(word string, next []string) (used int, err error) {
	for word != "" {
		letter := word[:1]
		word = word[1:]
		at := strings.Index(sendmailLetters, letter)
		if letter == ":" || at < 0 {
			return 0, words.Fail("fail.flag_unknown", words.Args{"Flag": "-" + letter})
		}
		if at+1 == len(sendmailLetters) || sendmailLetters[at+1] != ':' {
			if err := o.flag(letter); err != nil {
				return 0, err
			}
			continue
		}
		value := word
		if value == "" && letter != "q" { // "-q" alone flushes the queue
			if len(next) == 0 {
				return 0, words.Fail("fail.flag_bare", words.Args{"Flag": "-" + letter})
			}
			value, used = next[0], 1
		}
		return used, o.value(letter, value)
	}
	return 0, nil
}

// flag is a letter without a value; those left out mean nothing any more.
func (o *sendmailOptions) flag(letter string) error {
	switch letter {
	case "I": // newaliases
		return words.Fail("sendmail.mode", words.Args{"Flag": "-I"})
	case "t":
		o.extract = true
	case "i":
		o.dots = true
	case "v":
		o.verbose = true
	}
	return nil
}

// value is a letter with a value; those left out mean nothing any more.
func (o *sendmailOptions) value(letter, value string) error {
	switch letter {
	case "f", "r":
		o.from = strings.TrimSuffix(strings.TrimPrefix(value, "<"), ">")
		o.null = o.from == ""
	case "F":
		o.name = value
	case "o":
		o.dots = o.dots || value == "i"
	case "N":
		o.notify = value
	case "R":
		o.ret = strings.ToLower(value)
	case "V":
		o.envID = value
	case "b":
		if value != "m" {
			return words.Fail("sendmail.mode", words.Args{"Flag": "-b" + value})
		}
	case "q":
		return words.Fail("sendmail.mode", words.Args{"Flag": "-q" + value})
	case "B":
		if v := strings.ToUpper(value); v != "7BIT" && v != "8BITMIME" {
			return words.Fail("sendmail.body", words.Args{"Value": value})
		}
	}
	return nil
}

// submission is what the server is asked to take.
func (o *sendmailOptions) submission(user string, size int64) admin.Submission {
	return admin.Submission{User: user, From: o.from, Null: o.null, To: o.to, Extract: o.extract, Name: o.name, Size: size,
		Notify: o.notify, Ret: o.ret, EnvID: o.envID}
}
