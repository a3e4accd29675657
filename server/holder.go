package server

import "fmt"

// holder is the program that has a port. PID is 0 where the system does not tell.
type holder struct {
	Program string
	PID     int
}

func (h holder) String() string {
	switch {
	case h.PID == 0:
		return ""
	case h.Program == "":
		return fmt.Sprintf("PID %d", h.PID)
	}
	return fmt.Sprintf("%s, PID %d", h.Program, h.PID)
}
