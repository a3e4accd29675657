package server

import (
	"encoding/binary"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	tableOwnerPIDListener = 3 // TCP_TABLE_OWNER_PID_LISTENER
	largestTable          = 4 << 20
)

// holderOf asks GetExtendedTcpTable who listens on a TCP port.
func holderOf(port int) holder {
	// A row of MIB_TCPROW_OWNER_PID has 6 words: state, local address and port,
	// remote address and port, PID. One of MIB_TCP6ROW_OWNER_PID has 14, with
	// the local port as sixth.
	for _, t := range []struct {
		family           uint32
		words, port, pid int
	}{{windows.AF_INET, 6, 2, 5}, {windows.AF_INET6, 14, 5, 13}} {
		table := tcpTable(t.family)
		if len(table) < 4 {
			continue
		}
		rows := table[4:]
		size := 4 * t.words
		for range binary.LittleEndian.Uint32(table) {
			if len(rows) < size {
				break
			}
			if int(binary.BigEndian.Uint16(rows[4*t.port:])) == port {
				pid := int(binary.LittleEndian.Uint32(rows[4*t.pid:]))
				return holder{programOf(pid), pid}
			}
			rows = rows[size:]
		}
	}
	return holder{}
}

// tcpTable gives the table of listeners of an address family; nil if there is none.
func tcpTable(family uint32) []byte {
	call := windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedTcpTable")
	if call.Find() != nil {
		return nil
	}
	size := uint32(16 << 10)
	for range 4 { // the table may grow between two calls
		table := make([]byte, min(size, largestTable))
		status, _, _ := call.Call(uintptr(unsafe.Pointer(&table[0])), uintptr(unsafe.Pointer(&size)), 0,
			uintptr(family), tableOwnerPIDListener, 0)
		switch syscall.Errno(status) {
		case 0:
			return table
		case windows.ERROR_INSUFFICIENT_BUFFER:
			continue // size says now how much it is
		}
		return nil
	}
	return nil
}

// programOf is the file name of a process's program; "" where we may not ask.
func programOf(pid int) string {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return ""
	}
	defer func() { _ = windows.CloseHandle(process) }()
	path := make([]uint16, windows.MAX_PATH)
	n := uint32(len(path))
	if windows.QueryFullProcessImageName(process, 0, &path[0], &n) != nil {
		return ""
	}
	return filepath.Base(windows.UTF16ToString(path[:n]))
}
