package image

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"

	"bee/iso/alpine/internal/apkfile"
	"bee/iso/alpine/internal/repository"
)

// checkPackages checks the repository of the medium. It returns the index, or an
// empty one where it cannot be read.
func (m *medium) checkPackages() *repository.Index {
	// init takes for a repository what has this file beside it
	if name := "apks/.boot_repository"; !m.exists(name) {
		m.wrong(name, "not there: init does not find the packages without it")
	}
	index := m.index()
	there := map[string]bool{}
	for _, p := range index.Packages() {
		name := path.Join(path.Dir(indexName), p.Filename())
		there[m.path(name)] = true
		if p.Arch != repository.Arch {
			m.wrong(name, "the index says that it is for %s: apk index needs --rewrite-arch %s", p.Arch, repository.Arch)
		}
		if err := apkfile.Verify(m.path(name), p.Package); errors.Is(err, os.ErrNotExist) {
			m.wrong(name, "not there, but in the index")
		} else if err != nil {
			m.wrong(name, "%s", strings.TrimPrefix(err.Error(), m.path(name)+": "))
		}
		if len(m.want.Lock) == 0 {
			continue
		}
		switch locked, found := m.want.Lock.Entry(p.Name); {
		case !found:
			m.wrong(name, "not in the lock")
		case locked.Version != p.Version:
			m.wrong(name, "version %s, but %s is locked", p.Version, locked.Version)
		case locked.Checksum != p.ChecksumString():
			m.wrong(name, "checksum %s, but %s is locked", p.ChecksumString(), locked.Checksum)
		}
	}
	files, err := filepath.Glob(m.path("apks/*/*.apk"))
	if err != nil {
		m.wrong("apks", "%v", err)
	}
	for _, file := range files {
		if !there[file] {
			m.wrong(strings.TrimPrefix(file, m.folder+"/"), "not in the index")
		}
	}
	return index
}

// index reads and verifies the index.
func (m *medium) index() *repository.Index {
	if raw := m.read(indexName); raw != nil {
		index, err := repository.ParseIndex(indexName, raw, m.key)
		if err == nil {
			if len(index.Packages()) == 0 {
				m.wrong(indexName, "no package in it")
			}
			return index
		}
		m.problems = append(m.problems, err)
	}
	return repository.EmptyIndex()
}

func (m *medium) exists(name string) bool {
	_, err := os.Stat(m.path(name))
	return err == nil
}
