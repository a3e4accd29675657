package main

import "golang.org/x/sys/windows"

// elevated runs a program after Windows has asked the user for the rights. It
// does not wait for it.
func elevated(program string, args []string) error {
	verb, err := windows.UTF16PtrFromString("runas")
	if err != nil {
		return err
	}
	file, err := windows.UTF16PtrFromString(program)
	if err != nil {
		return err
	}
	line, err := windows.UTF16PtrFromString(quoted(args))
	if err != nil {
		return err
	}
	return windows.ShellExecute(0, verb, file, line, nil, windows.SW_HIDE)
}
