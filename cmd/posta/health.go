package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

// healthCommand asks a running server whether it can do its work; for Docker's
// HEALTHCHECK and the like.
func (a *app) healthCommand() *cobra.Command {
	c := a.command("health", "help.health", func(ctx context.Context, _ []string) error {
		var state admin.Health
		if err := a.askServer(ctx, "health", admin.None{}, &state); err != nil {
			return err
		}
		if err := a.print(state, line(a.stageWord(state.State))); err != nil {
			return err
		}
		if !state.Healthy || !state.Ready {
			return words.Fail("fail.unhealthy", words.Args{"State": a.stageWord(state.State)})
		}
		return nil
	})
	c.Example = "posta health\nposta health --json"
	return c
}

// stageWord is a Health's state in the user's language.
func (a *app) stageWord(state string) string {
	return a.say(map[string]string{
		"starting": "health.starting", "serving": "health.serving", "ending": "health.ending", "store": "health.store",
	}[state], nil)
}

// waitReadyCommand waits until a server that somebody is starting accepts
// sessions, and says then what `serve --json` says.
func (a *app) waitReadyCommand() *cobra.Command {
	var timeout time.Duration
	c := a.command("wait-ready", "help.wait_ready", func(ctx context.Context, _ []string) error {
		if timeout <= 0 {
			return usage(words.Fail("fail.timeout", words.Args{"Value": timeout}))
		}
		r, err := a.awaitReady(ctx, timeout)
		if err != nil {
			return err
		}
		return a.print(r, line(a.say("health.serving", nil)))
	})
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Second, a.say("help.flag_timeout", nil))
	c.Example = "posta wait-ready\nposta wait-ready --timeout 1m --json"
	return c
}

// eager is the pause between two looks at a server that is starting.
const eager = 50 * time.Millisecond

func (a *app) awaitReady(ctx context.Context, timeout time.Duration) (ready, error) {
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(eager)
	defer tick.Stop()
	for {
		r, err := a.lookReady(waiting)
		var missing absentError
		if err == nil || !errors.As(err, &missing) && waiting.Err() == nil {
			return r, err
		}
		select {
		case <-waiting.Done():
			if ctx.Err() != nil {
				return ready{}, ctx.Err()
			}
			return ready{}, words.Fail("fail.not_ready", words.Args{"Timeout": timeout})
		case <-tick.C:
		}
	}
}

// lookReady looks once. A server that answers and is not ready yet is as good
// as one that is absent.
func (a *app) lookReady(ctx context.Context) (ready, error) {
	client, err := a.server(ctx)
	if err != nil {
		return ready{}, err
	}
	var state admin.Health
	err = client.Call(ctx, "health", admin.None{}, &state)
	if errors.Is(err, admin.ErrNoServer) { // it has ended, and another begins
		err = absent(err)
	}
	if err != nil {
		return ready{}, err
	}
	if !state.Ready {
		return ready{}, absent(words.Fail("fail.unhealthy", words.Args{"State": a.stageWord(state.State)}))
	}
	return a.running(ctx)
}
