package main

import (
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// coloured asks the console to obey colours. Consoles before Windows 10 do not.
func coloured(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	console := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
