package vulnerabilities

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"bee/core/bounded"
	"bee/core/jsonerror"
)

// maxEntry is how many bytes a file of an archive may have; the largest of OSV's have two million.
const maxEntry = 64 << 20

// Search looks into a database for what packages are vulnerable to. It is an archive (.zip) of
// files in OSV's format, as OSV offers one for each ecosystem; one such file, or an array of what
// these hold; or the JSON of Debian's security tracker.
func (p Packages) Search(database string) (Findings, error) {
	s := search{packages: p, found: Findings{}}
	err := s.file(database)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", database, err)
	}
	if s.records == 0 {
		return nil, fmt.Errorf("%s: no vulnerability in it: it has to be an archive or a file in OSV's format, or of Debian's security tracker", database)
	}
	return s.found, nil
}

// search is one through a database.
type search struct {
	packages Packages
	found    Findings
	records  int
}

func (s *search) file(name string) error {
	archive, err := zip.OpenReader(name)
	if err == nil {
		defer archive.Close()
		return s.archive(&archive.Reader)
	}
	if !errors.Is(err, zip.ErrFormat) {
		return err
	}
	data, err := bounded.ReadFile(name)
	if err != nil {
		return err
	}
	return s.document(data)
}

func (s *search) archive(archive *zip.Reader) error {
	for _, entry := range archive.File {
		if path.Ext(entry.Name) != ".json" {
			continue
		}
		if entry.UncompressedSize64 > maxEntry {
			return fmt.Errorf("%q has %d bytes; %d are read", entry.Name, entry.UncompressedSize64, maxEntry)
		}
		file, err := entry.Open()
		if err != nil {
			return fmt.Errorf("%q: %w", entry.Name, err)
		}
		data, err := bounded.ReadAll(file, entry.Name) // the library reads no more than the size that it told
		file.Close()
		if err == nil {
			err = s.osv(data)
		}
		if err != nil {
			return fmt.Errorf("%q: %w", entry.Name, err)
		}
	}
	return nil
}

// document reads JSON of any kind that is known.
func (s *search) document(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	first, err := decoder.Token()
	if err != nil {
		return jsonerror.Reword(err)
	}
	switch first {
	case json.Delim('['):
		for decoder.More() {
			var one json.RawMessage
			if err := decoder.Decode(&one); err != nil {
				return jsonerror.Reword(err)
			}
			if err := s.osv(one); err != nil {
				return err
			}
		}
		return nil
	case json.Delim('{'):
		var known struct{ ID string }
		if json.Unmarshal(data, &known) == nil && known.ID != "" {
			return s.osv(data)
		}
		return s.tracker(decoder)
	}
	return errors.New("neither an array nor an object of JSON")
}
