package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what `posta version --json` says.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source, where the build knew it
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *app) versionCommand() *cobra.Command {
	c := a.command("version", "help.version", func(context.Context, []string) error { return a.version() })
	c.Example = "posta version --json"
	return c
}

func (a *app) version() error {
	b := thisBuild()
	text := fmt.Sprintf("posta %s (%s, %s)", b.Version, b.Platform, b.Go)
	if b.Revision != "" {
		text += " " + b.Revision
	}
	return a.print(b, line(text))
}

func thisBuild() build {
	b := build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			b.Revision = s.Value[:12]
		}
	}
	return b
}
