package main

import (
	"errors"
	"strconv"
)

// count is the value of a flag that says how many: 1 or more, and 0 where that
// means all.
type count struct {
	n   *int
	all bool
}

var errCount = errors.New("posta: no count")

// Set implements pflag.Value.
func (v count) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n == 0 && !v.all {
		return errCount // what the flag takes is said by its type
	}
	*v.n = n
	return nil
}

func (v count) String() string {
	if v.n == nil { // pflag makes one of its own
		return ""
	}
	return strconv.Itoa(*v.n)
}

// Type implements pflag.Value.
func (v count) Type() string {
	if v.all {
		return "count or all"
	}
	return "count"
}
