package main

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

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

// hasRights says that this process is an administrator's with all rights.
func hasRights() bool { return windows.GetCurrentProcessToken().IsElevated() }

// limitedToken is TokenElevationTypeLimited of winnt.h: an administrator who has
// not been asked yet.
const limitedToken = 3

// mayAskForRights says that Windows will at most ask this user for consent,
// not for an administrator's password.
func mayAskForRights() bool {
	token := windows.GetCurrentProcessToken()
	if token.IsElevated() {
		return true
	}
	var kind, size uint32
	err := windows.GetTokenInformation(token, windows.TokenElevationType, (*byte)(unsafe.Pointer(&kind)), uint32(unsafe.Sizeof(kind)), &size)
	return err == nil && kind == limitedToken
}
