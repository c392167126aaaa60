package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bee/engine/internal/supervise"
)

// status is what `status --json` prints.
type status struct {
	Running    bool     `json:"running"`              // a supervisor is alive
	Answers    bool     `json:"answers"`              // the engine answers it
	Supervisor int      `json:"supervisor,omitempty"` // process id
	Version    string   `json:"version,omitempty"`    // of Dagger
	RunnerHost string   `json:"runnerHost"`
	Log        string   `json:"log"`
	BuildLog   string   `json:"buildLog"`
	Images     []string `json:"images,omitempty"` // references by digest
	Folder     string   `json:"folder"`           // everything of the local engine
	Bytes      struct {
		Artefacts int64 `json:"artefacts"` // programs and images
		State     int64 `json:"state"`     // the engine's caches
	} `json:"bytes"` // on disk
}

func statusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell about the local engine",
		Long: `status tells whether the local engine runs, where its log is, which images it
serves and how much disk it takes. The exit code is 0 either way.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := newManager()
			if err != nil {
				return err
			}
			s, err := m.status(cmd)
			if err != nil {
				return err
			}
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(s)
			}
			return s.print(cmd)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (m *manager) status(cmd *cobra.Command) (status, error) {
	s := status{RunnerHost: m.layout.Address(), Log: m.layout.Log(), BuildLog: m.layout.BuildLog(), Folder: string(m.layout)}
	engine, pid, err := supervise.Running(m.layout)
	if err != nil {
		return s, err
	}
	if pid != 0 {
		s.Running, s.Supervisor, s.Version = true, pid, engine.Version
		s.Answers = supervise.Answers(cmd.Context(), "unix", m.layout.Socket()) == nil
		s.Images = []string{debianImage(m.versions, engine), golangImage(m.versions, engine)}
	}
	if s.Bytes.Artefacts, err = diskUsage(m.layout.Artefacts()); err != nil {
		return s, err
	}
	s.Bytes.State, err = diskUsage(filepath.Dir(m.layout.State("any")))
	return s, err
}

func (s status) print(cmd *cobra.Command) error {
	state := "does not run"
	switch {
	case s.Answers:
		state = fmt.Sprintf("runs, version %s, supervisor %d", s.Version, s.Supervisor)
	case s.Running:
		state = fmt.Sprintf("does not answer, version %s, supervisor %d", s.Version, s.Supervisor)
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "local engine\t%s\n", state)
	if s.Running {
		fmt.Fprintf(table, "runner host\t%s\n", s.RunnerHost)
		fmt.Fprintf(table, "images\t%s\n", strings.Join(s.Images, "\n\t"))
	}
	fmt.Fprintf(table, "log\t%s\n", s.Log)
	fmt.Fprintf(table, "build log\t%s\n", s.BuildLog)
	fmt.Fprintf(table, "folder\t%s\n", s.Folder)
	fmt.Fprintf(table, "disk\t%.1f GiB programs and images, %.1f GiB engine caches\n", gib(s.Bytes.Artefacts), gib(s.Bytes.State))
	return table.Flush()
}

func gib(bytes int64) float64 { return float64(bytes) / (1 << 30) }

// diskUsage adds up the blocks of every file below dir, hard links once. A
// running engine may remove files meanwhile.
func diskUsage(dir string) (int64, error) {
	var total int64
	seen := map[uint64]bool{}
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return ignoreMissing(err)
		}
		info, err := entry.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		if file, ok := info.Sys().(*syscall.Stat_t); ok && !seen[file.Ino] {
			seen[file.Ino] = true
			total += file.Blocks * 512 // stat(2): always in such units
		}
		return nil
	})
	return total, err
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
