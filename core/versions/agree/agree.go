// Package agree checks that what names versions in the files of other tools says the
// same as VERSIONS.
package agree

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"

	"bee/core/versions"
)

// moduleGo is the newest Go that Dagger's code generation takes in a module's
// go.mod, whatever toolchain compiles it.
const moduleGo = "1.25"

// Check checks that the go.mod, go.work and dagger.json files of a repository
// name the Go and Dagger versions that v pins. All that disagree are named.
//
// A Dagger module says go 1.25, and so does what it takes from a folder beside it; all
// else says the series of GO_VERSION. Whatever requires Dagger requires DAGGER_VERSION, and so does engineVersion.
func Check(v *versions.Versions, repo fs.FS) error {
	goSeries := strings.TrimPrefix(semver.MajorMinor("v"+v.Go), "v")
	forDagger := map[string]bool{} // folders of modules that Dagger compiles
	var wrong []error
	disagree := func(file, what, got, key, want string) {
		wrong = append(wrong, fmt.Errorf("%s: %s is %s, but %s wants %s", file, what, got, key, want))
	}

	files, err := sources(repo)
	if err != nil {
		return err
	}
	for _, file := range files {
		if path.Base(file) != "dagger.json" {
			continue
		}
		var module struct{ Source, EngineVersion string }
		if err := readJSON(repo, file, &module); err != nil {
			return err
		}
		folder := path.Join(path.Dir(file), module.Source)
		beside, err := replacements(repo, folder)
		if err != nil {
			return err
		}
		for _, folder := range append(beside, folder) {
			forDagger[folder] = true
		}
		if module.EngineVersion != v.Dagger {
			disagree(file, "engineVersion", module.EngineVersion, "DAGGER_VERSION", v.Dagger)
		}
	}
	for _, file := range files {
		text, err := fs.ReadFile(repo, file)
		if err != nil {
			return err
		}
		switch path.Base(file) {
		case "go.work":
			work, err := modfile.ParseWork(file, text, nil)
			if err != nil {
				return err
			}
			if goVersion(work.Go) != goSeries {
				disagree(file, "go", goVersion(work.Go), "GO_VERSION", goSeries)
			}
		case "go.mod":
			mod, err := modfile.ParseLax(file, text, nil)
			if err != nil {
				return err
			}
			key, want := "GO_VERSION", goSeries
			if forDagger[path.Dir(file)] {
				key, want = "Dagger", moduleGo
			}
			if got := goVersion(mod.Go); got != want {
				disagree(file, "go", got, key, want)
			}
			for _, require := range mod.Require {
				switch require.Mod.Path {
				case "github.com/dagger/dagger", "dagger.io/dagger":
					if require.Mod.Version != v.Dagger {
						disagree(file, require.Mod.Path, require.Mod.Version, "DAGGER_VERSION", v.Dagger)
					}
				}
			}
		}
	}
	return errors.Join(wrong...)
}

// sources lists the go.mod, go.work and dagger.json files of a repository,
// without those of hidden folders and build results.
func sources(repo fs.FS) ([]string, error) {
	var files []string
	err := fs.WalkDir(repo, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || name == "dist") {
			return fs.SkipDir
		}
		switch entry.Name() {
		case "go.mod", "go.work", "dagger.json":
			files = append(files, name)
		}
		return nil
	})
	return files, err
}

// replacements are the folders that the Go module of a folder takes modules from.
func replacements(repo fs.FS, folder string) ([]string, error) {
	file := path.Join(folder, "go.mod")
	text, err := fs.ReadFile(repo, file)
	if err != nil {
		return nil, err
	}
	mod, err := modfile.Parse(file, text, nil)
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, replace := range mod.Replace {
		if modfile.IsDirectoryPath(replace.New.Path) {
			folders = append(folders, path.Join(folder, replace.New.Path))
		}
	}
	return folders, nil
}

func readJSON(repo fs.FS, file string, into any) error {
	text, err := fs.ReadFile(repo, file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// goVersion is the version of a go line. The go command writes 1.26 as 1.26.0 at
// times; both are the same language.
func goVersion(g *modfile.Go) string {
	if g == nil {
		return "not set"
	}
	return strings.TrimSuffix(g.Version, ".0")
}
