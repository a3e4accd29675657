package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"posta/admin"
	"posta/config"
	"posta/words"
)

// installed finds a program of Wireshark's, "wireshark" or "tshark", in PATH or
// where it is installed; "" where it is not. system is runtime.GOOS.
func installed(system, program string, getenv func(string) string) string {
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	var places []string
	switch system {
	case "windows":
		for _, folder := range []string{"ProgramW6432", "ProgramFiles", "ProgramFiles(x86)"} {
			if at := getenv(folder); at != "" {
				places = append(places, filepath.Join(at, "Wireshark", program+".exe"))
			}
		}
	case "darwin":
		name := program
		if program == "wireshark" {
			name = "Wireshark"
		}
		for _, folder := range []string{"/Applications", filepath.Join(getenv("HOME"), "Applications")} {
			places = append(places, filepath.Join(folder, "Wireshark.app", "Contents", "MacOS", name))
		}
	}
	for _, path := range places {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// decodeAs are Wireshark's arguments for the ports of listeners that it does not
// take for mail.
func decodeAs(listeners []admin.Listener) (args []string) {
	known := []int{25, 465, 587, 110, 995}
	for _, l := range listeners {
		if slices.Contains(known, l.Port) {
			continue
		}
		protocol := "smtp"
		if l.Service == config.POP3 {
			protocol = "pop"
		}
		port := "port==" + strconv.Itoa(l.Port) + ","
		if l.TLS == config.TLSImplicit {
			args = append(args, "-d", "tcp."+port+"tls", "-d", "tls."+port+protocol)
			continue
		}
		args = append(args, "-d", "tcp."+port+protocol)
	}
	return args
}

// startWireshark starts it on a pipe. Its window stays when posta ends; the
// context that is given back ends when it is closed.
func (a *app) startWireshark(ctx context.Context, args []string) (context.Context, *captureFile, error) {
	program := installed(runtime.GOOS, "wireshark", a.Getenv)
	if program == "" {
		return ctx, nil, words.Fail("capture.no_wireshark", nil)
	}
	process := exec.Command(program, args...)
	process.SysProcAttr = apart()
	open, err := feed(process)
	if err != nil {
		return ctx, nil, words.FailOf(err, "capture.wireshark_failed", words.Args{"Program": program})
	}
	ctx, closed := context.WithCancel(ctx)
	go func() {
		_ = process.Wait()
		closed()
	}()
	pipe, err := open(ctx)
	if err != nil {
		return ctx, nil, words.FailOf(err, "capture.wireshark_failed", words.Args{"Program": program})
	}
	return ctx, newCapturePipe(ctx, pipe, "wireshark", "Wireshark"), nil
}

// wiresharkArgs are those that make it capture from a pipe.
func wiresharkArgs(pipe string, decode []string) []string {
	return append([]string{"-k", "-i", pipe}, decode...)
}

// printCommand prints what the user can type where posta cannot start Wireshark.
func (a *app) printCommand(system string, decode []string, standardPorts bool) error {
	write := "posta capture -w "
	if standardPorts {
		write = "posta capture --as-standard-ports -w "
	}
	show := func(pipe string) string {
		return strings.Join(append([]string{"wireshark"}, wiresharkArgs(pipe, decode)...), " ")
	}
	if system == "windows" { // a | would be one of text
		return line(write + windowsPipe + "\n" + show(windowsPipe))(a.Out)
	}
	return line(write + "- | " + show("-"))(a.Out)
}

// windowsPipe is the name of a pipe as Windows has it.
const windowsPipe = `\\.\pipe\posta`
