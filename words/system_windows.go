package words

import (
	"syscall"
	"unsafe"
)

// System gives the user's language as Windows keeps it, "es-EC", or "".
func System() string {
	const localeNameMaxLength = 85 // LOCALE_NAME_MAX_LENGTH
	var name [localeNameMaxLength]uint16
	proc := syscall.NewLazyDLL("kernel32.dll").NewProc("GetUserDefaultLocaleName")
	if proc.Find() != nil {
		return ""
	}
	n, _, _ := proc.Call(uintptr(unsafe.Pointer(&name[0])), localeNameMaxLength)
	if n == 0 {
		return ""
	}
	return syscall.UTF16ToString(name[:])
}
