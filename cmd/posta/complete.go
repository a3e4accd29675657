package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
)

// completionTime bounds what a press of Tab may cost.
const completionTime = 500 * time.Millisecond

// naming completes a command's arguments with the names that operations list:
// of the first argument by the first, of later ones by the last. Only a running
// server is asked; to open the store for a Tab would be too dear.
func (a *app) naming(c *cobra.Command, operations ...string) *cobra.Command {
	c.ValidArgsFunction = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		operation := operations[min(len(args), len(operations)-1)]
		if c.Args(c, append(args, cmp.Or(begun, "x"))) != nil && // an empty word is none yet
			c.Args(c, args) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.names(c.Context(), operation, begun), cobra.ShellCompDirectiveNoFileComp
	}
	return c
}

// namingCollected completes a command's argument with the numbers of what is collected,
// each with what it is.
func (a *app) namingCollected(c *cobra.Command) *cobra.Command {
	c.ValidArgsFunction = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		var listed []admin.Collected
		if len(args) > 0 || a.listed(c.Context(), "collect.list", &listed) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		for _, one := range listed {
			if number := strconv.FormatInt(one.ID, 10); strings.HasPrefix(number, begun) {
				out = append(out, cobra.CompletionWithDesc(number, printable(strings.ToUpper(one.Way)+" "+one.Host+", "+collectedFor(one))))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
	return c
}

// listed asks a running server for what an operation lists, as long as a Tab may take.
func (a *app) listed(ctx context.Context, operation string, out any) error {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	client, err := a.server(ctx)
	if err != nil {
		return err
	}
	return client.Call(ctx, operation, admin.None{}, out)
}

func (a *app) names(ctx context.Context, operation, begun string) []string {
	var listed []struct {
		Name, Address, Domain string
		ID                    any // of messages in the queue a text, of others a number
	}
	if a.listed(ctx, operation, &listed) != nil {
		return nil
	}
	var out []string
	for _, one := range listed {
		id, _ := one.ID.(string)
		name := cmp.Or(one.Address, one.Name, one.Domain, id)
		if strings.HasPrefix(name, begun) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
