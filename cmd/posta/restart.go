package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// restarts counts, in the environment, how often a program replaced itself
// without having served for long.
const restarts = "POSTA_RESTARTS"

// calm is how long a program must have served for its successor to begin at once.
const calm = 5 * time.Minute

// startAnew puts a new process in this one's place, as what the failed store's
// file holds only a new process may ask. It comes back if it cannot.
func (a *app) startAnew(ctx context.Context, cause error) error {
	if a.Replace == nil {
		return cause
	}
	count, err := strconv.Atoi(a.Getenv(restarts))
	if err != nil || time.Since(a.began) > calm {
		count = 0
	}
	select {
	case <-ctx.Done():
		return cause
	case <-time.After(backOff(count)):
	}
	return errors.Join(cause, a.Replace(restarts+"="+strconv.Itoa(count+1)))
}

// withVariable sets NAME=VALUE: of two of the same name the first would count.
func withVariable(environ []string, variable string) []string {
	name, _, _ := strings.Cut(variable, "=")
	environ = slices.DeleteFunc(slices.Clone(environ), func(have string) bool { return strings.HasPrefix(have, name+"=") })
	return append(environ, variable)
}

// backOff doubles the pause before each restart, up to a minute.
func backOff(count int) time.Duration { return min(time.Second<<min(max(count, 0), 6), time.Minute) }
