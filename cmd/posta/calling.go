package main

import (
	"os"
	"strings"
)

// calling is how this program is called in a second terminal, and the folder
// to be in for it; "" where that does not matter.
func calling(system, program string) (called, folder string) {
	exe, err := os.Executable()
	if err != nil {
		return wordOf(program), ""
	}
	here, err := os.Getwd()
	if err != nil {
		return wordOf(program), ""
	}
	return callingFrom(system, program, exe, here)
}

// callingFrom is calling for a program file and the folder that it was started
// in. After a double click in Windows that is the program's own folder, and its
// path may have spaces: cmd wants them quoted, PowerShell an & before that.
// Both take .\posta.exe.
func callingFrom(system, program, exe, here string) (called, folder string) {
	at := strings.LastIndexByte(exe, '\\')
	if system != "windows" || at < 0 || !strings.EqualFold(exe[:at], strings.TrimRight(here, `\`)) {
		return wordOf(program), ""
	}
	return `.` + spaced(exe[at:]), here
}

func wordOf(program string) string {
	if program == "" {
		return "posta"
	}
	return spaced(program)
}

// spaced is a word of a command line.
func spaced(word string) string {
	if strings.Contains(word, " ") {
		return `"` + word + `"`
	}
	return word
}
