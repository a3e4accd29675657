package main

import (
	"cmp"
	"context"
	"slices"
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

func (a *app) names(ctx context.Context, operation, begun string) []string {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	client, err := a.server(ctx)
	if err != nil {
		return nil
	}
	var listed []struct {
		Name, Address, Domain string
		ID                    any // of messages in the queue a text, of others a number
	}
	if err := client.Call(ctx, operation, admin.None{}, &listed); err != nil {
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
