package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bee/engine/internal/layout"
	"bee/engine/internal/supervise"
)

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "engine",
		Short:         "Give bee a Dagger engine on any machine",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(ensureCommand(), upCommand(), downCommand(), envCommand())
	return root
}

func ensureCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "ensure",
		Short: "Make sure that Dagger has an engine to work with",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ensure(cmd.Context(), false)
		},
	}
}

func upCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Build and start the local engine, whatever else there is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ensure(cmd.Context(), true)
		},
	}
}

func downCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Stop the local engine and take its network away",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := layout.Default()
			if err != nil {
				return err
			}
			return supervise.Stop(cmd.Context(), l)
		},
	}
}

func envCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "env",
		Short: "Print shell lines that let dagger find its engine",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := layout.Default()
			if err != nil {
				return err
			}
			fmt.Printf("export PATH=%s:\"$PATH\"\n", l.Bin())
			if os.Getenv(runnerHost) == "" {
				fmt.Printf("export %s=unix://%s\n", runnerHost, l.Socket())
			}
			fmt.Println("export DO_NOT_TRACK=1 DAGGER_NO_NAG=1")
			return nil
		},
	}
}

var _ = filepath.Join
