// Command apkrepo writes a small signed repository of apk packages, for tests in
// other languages and containers.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bee/iso/alpine/apktest"
)

func main() {
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "apkrepo:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "apkrepo FOLDER <PACKAGES",
		Short: "Write a small signed repository of apk packages",
		Long: `apkrepo reads packages from standard input and writes them, signed by a new key:

  FOLDER/keys/KEY    public key
  FOLDER/REPOSITORY  x86_64/ with index and packages

The input is JSON: an object of repositories, such as v3.21/main, each a list of
packages with Name, Version, and where there are any Arch, Depends, Provides,
InstallIf, Origin, Priority, Files (content by path) and Tree (a folder).`,
		Example: `  echo '{"v3.21/main": [{"Name": "a", "Version": "1-r0", "Files": {"etc/a": "text"}}]}' | apkrepo /tmp/mirror
  alpine lock --keys /tmp/mirror/keys --repository /tmp/mirror/v3.21/main LIST`,
		Args:          cobra.ExactArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			var repositories map[string][]apktest.Package
			decoder := json.NewDecoder(cmd.InOrStdin())
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&repositories); err != nil {
				return fmt.Errorf("standard input: %w", err)
			}
			key, err := apktest.NewKey(name)
			if err != nil {
				return err
			}
			if err := key.WritePublic(filepath.Join(args[0], "keys")); err != nil {
				return err
			}
			for repository, packages := range repositories {
				if err := apktest.WriteRepository(filepath.Join(args[0], repository), key, packages...); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&name, "key", "test.rsa.pub", "file name of the public key")
	return c
}
