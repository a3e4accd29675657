package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/inconshreveable/mousetrap"

	"posta/config"
	"posta/roster"
	"posta/server"
	"posta/words"
)

// startedByDoubleClick says that nobody typed a command: Windows' Explorer has
// opened a window that closes with the program.
func startedByDoubleClick() bool { return mousetrap.StartedByExplorer() }

// welcome asks what a lab needs to know, starts it, and keeps the window open
// when something goes wrong, so that it can be read.
func (a *app) welcome(ctx context.Context) int {
	_, _ = fmt.Fprintln(a.Out, a.say("welcome.hello", words.Args{"Version": version}))
	args, err := a.askLab(ctx)
	if err == nil {
		_, _ = fmt.Fprintln(a.Out, "\nposta "+strings.Join(args, " ")+"\n")
		err = a.execute(ctx, args)
	}
	status := a.fail(err)
	if status != exitDone && ctx.Err() == nil {
		_, _ = fmt.Fprint(a.Out, "\n"+a.say("welcome.press", nil))
		_, _ = a.answer(ctx)
	}
	return status
}

// askLab asks for the domain, the members and who may come, and gives the
// command line that says the same. An empty answer is what stands in brackets.
func (a *app) askLab(ctx context.Context) ([]string, error) {
	a.home = ownHome
	data, err := a.dataDir()
	if err != nil {
		return nil, err
	}
	usual, there := recall(data).DefaultDomain, server.Holds(data)
	if usual == "" {
		usual = labDomain
	}
	domain, err := a.choose(ctx, a.say("welcome.domain", words.Args{"Usual": usual}), usual, isDomain)
	if err != nil {
		return nil, err
	}
	question := a.say("welcome.members", nil)
	if there {
		question = a.say("welcome.more_members", nil)
	}
	members, err := a.choose(ctx, question, "", areMembers)
	if err != nil {
		return nil, err
	}
	args := []string{"quickstart", domain}
	for _, name := range namesIn(members) {
		args = append(args, "--account", a.typable(name))
	}
	who, err := a.choose(ctx, a.say("welcome.who", nil), "1", isOneOrTwo)
	if who == "2" {
		args = append(args, "--lan")
	}
	return args, err
}

// What an answer must be; the errors are what quickstart would say of it.

func isDomain(text string) error {
	if !config.IsHostname(text) {
		return words.Fail("fail.domain", words.Args{"Domain": text})
	}
	return nil
}

func areMembers(text string) error {
	for _, name := range namesIn(text) {
		if err := checkAccount(plainMember(name)); err != nil {
			return err
		}
	}
	return nil
}

func isOneOrTwo(text string) error {
	if text != "1" && text != "2" {
		return words.Fail("welcome.again", words.Args{"Answer": printable(text)})
	}
	return nil
}

// namesIn are the members' names. Where there are commas, a blank is inside a
// name: "Ana García, José Peña" are two people.
func namesIn(text string) []string {
	const separators = ",;\t"
	blank := !strings.ContainsAny(text, separators)
	all := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) || blank && r == ' ' })
	var names []string
	for _, name := range all {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// plainMember is a member's name without accents and blanks: who clicks has not
// heard of SMTPUTF8 yet. Who wants peña@ has `quickstart --account`. A name
// that cannot be had so, or that has a password, stays.
func plainMember(name string) string {
	if strings.Contains(name, ":") {
		return name
	}
	plain := roster.Plain(name)
	if strings.Contains(name, " ") && !strings.Contains(name, "@") {
		plain = roster.LocalPart(name)
	}
	if plain == "" || strings.EqualFold(plain, name) {
		return name
	}
	return plain
}

// typable is plainMember, and says so.
func (a *app) typable(name string) string {
	plain := plainMember(name)
	if plain != name {
		_, _ = fmt.Fprintln(a.Out, a.say("welcome.plain", words.Args{"Name": printable(name), "Plain": plain}))
	}
	return plain
}

// choose asks until there is nothing wrong with the answer.
func (a *app) choose(ctx context.Context, question, usual string, wrong func(string) error) (string, error) {
	for {
		_, _ = fmt.Fprint(a.Out, question+" ")
		text, err := a.answer(ctx)
		if err != nil {
			return "", err
		}
		if text == "" {
			text = usual
		}
		problem := wrong(text)
		if problem == nil {
			return text, nil
		}
		_, _ = fmt.Fprintln(a.Out, a.words.Error(problem))
	}
}

// answer reads a line, or ends with ctx: a window's reader cannot be
// interrupted.
func (a *app) answer(ctx context.Context) (string, error) {
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := a.inputLine()
		read <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got := <-read:
		return strings.TrimSpace(got.text), got.err
	}
}
