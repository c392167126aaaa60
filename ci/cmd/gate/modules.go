package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bee/gate/internal/module"
	"bee/gate/internal/output"
	"bee/gate/internal/summary"
)

// moduleFile is in the folder of each Dagger module.
const moduleFile = "dagger.json"

func (g *gate) modulesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "modules",
		Short: "Load each Dagger module of the repository by itself",
		Long: `modules loads each Dagger module of the repository by itself, as others do who use
only one of them. That their code compiles is seen by lint.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			top, err := g.top()
			if err != nil {
				return err
			}
			folders, err := moduleFolders(top)
			if err != nil {
				return err
			}
			return g.withEngine(cmd.Context(), "modules.log", func(ctx context.Context, progress module.Progress) error {
				progress.View = false // they are many, and short
				var failed error
				for _, folder := range folders {
					m, err := g.connect(ctx, module.Options{Repository: filepath.Join(top, folder), Progress: progress})
					if err != nil {
						g.out.Error(output.Annotation{File: filepath.Join(folder, moduleFile), Title: "modules", Message: err.Error()})
						failed = errFailed
						continue
					}
					m.Close()
					g.out.Printf("%s\n", folder)
				}
				if failed != nil {
					return failed
				}
				g.out.Summary(summary.Line("PASS", fmt.Sprintf("modules that load by themselves: %d", len(folders))))
				return nil
			})
		},
	}
}

// moduleFolders are the folders of the modules, seen from the top.
func moduleFolders(top string) ([]string, error) {
	var folders []string
	err := fs.WalkDir(os.DirFS(top), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.Name() == moduleFile:
			folders = append(folders, filepath.Dir(path))
		}
		return nil
	})
	if err == nil && len(folders) == 0 {
		err = fmt.Errorf("there is no %s below %s; --repository names the top of bee's repository", moduleFile, top)
	}
	return folders, err
}
