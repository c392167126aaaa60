package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"bee/engine/internal/provision"
	"bee/engine/internal/supervise"
)

// runnerHost is the variable by which Dagger is told where its engine is.
const runnerHost = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"

func command() *cobra.Command {
	root := &cobra.Command{
		Use:   "engine",
		Short: "Give bee a Dagger engine on any machine",
		Long: `engine makes sure that Dagger, which builds bee, has an engine to work with, in
the version that the file VERSIONS pins. It uses the first of these that works:

  1. the engine that ` + runnerHost + ` names
  2. Dagger's own way: docker, podman, finch or nerdctl running Dagger's image
  3. a local engine, built from source, with base images made from Debian
     packages: it needs Linux, root, a Go module proxy and a Debian mirror, but
     no container registry

Run it from the root of the repository.`,
		Example: `  eval "$(go run ./engine env)"
  dagger functions

  go run ./engine status --json
  go run ./engine down`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(ensureCommand(), upCommand(), downCommand(), statusCommand(), envCommand())
	return root
}

func ensureCommand() *cobra.Command {
	var ask bool
	cmd := &cobra.Command{
		Use:   "ensure",
		Short: "Make sure that Dagger has an engine to work with",
		Long: `ensure finds an engine, or builds and starts the local one. It can be called
before every use: where all is well it takes about a second.

A local engine that runs is used without looking for a container runtime again;
after "down", ensure looks anew. For the local engine, ensure keeps a block of
lines in VERSIONS.local that makes the build use its images, each with a reason.
Lines outside the block are yours: they stay, and they win. What this site reaches
of the internet is a reason that passes: it is asked again after a day.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ensure(cmd.Context(), false, ask)
		},
	}
	cmd.Flags().BoolVar(&ask, "ask", false, "ask again now what this site reaches, for the local engine")
	return cmd
}

func upCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Build and start the local engine, whatever else there is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ensure(cmd.Context(), true, false)
		},
	}
}

func downCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Stop the local engine and take its network away",
		Long: `down stops the local engine. The bridge dagger0, the packet filter rules and the
control groups that came with it go, and packets are forwarded as they were before;
chains of the packet filter that are empty stay, and so do modules of the kernel. What
was built and the engine's caches stay for the next start. Of an engine that was killed
it takes away the same. Without a local engine it does nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := newManager()
			if err != nil {
				return err
			}
			return supervise.Stop(cmd.Context(), m.layout, m.self)
		},
	}
}

func envCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "env",
		Short: "Make sure of an engine, and print shell lines that let dagger find it",
		Long: `env makes sure of an engine, as ensure does, and prints lines for a shell to
evaluate. They put the Dagger command line that was built into PATH and name the local
engine when one runs, or else the image of the engine, by its digest.`,
		Example: `  eval "$(go run ./engine env)"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := ensure(cmd.Context(), false, false); err != nil {
				return err
			}
			m, err := newManager()
			if err != nil {
				return err
			}
			if _, err := os.Stat(filepath.Join(m.layout.Bin(), "dagger")); err == nil {
				fmt.Printf("export PATH=%s:\"$PATH\"\n", quote(m.layout.Bin()))
			}
			_, running, err := supervise.Running(m.layout)
			if err != nil {
				return err
			}
			host := m.layout.Address()
			if running == 0 {
				image, err := engineImage(".", m.versions)
				if err != nil {
					return err
				}
				host = provision.Host(image)
			}
			if set := os.Getenv(runnerHost); host != "" && (set == "" || m.byEnv(set)) {
				fmt.Printf("export %s=%s\n", runnerHost, quote(host))
			}
			fmt.Println("export DO_NOT_TRACK=1 DAGGER_NO_NAG=1")
			return nil
		},
	}
}

// quote makes one word of text for a POSIX shell.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
