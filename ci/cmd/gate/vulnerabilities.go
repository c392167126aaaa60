package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"bee/core/outfile"
	"bee/gate/internal/output"
	"bee/gate/internal/summary"
	"bee/gate/internal/vulnerabilities"
)

// shownVulnerabilities have an annotation each in GitHub Actions; the summary has all.
const shownVulnerabilities = 50

// fetchLimit is how long a database may take to arrive.
const fetchLimit = 15 * time.Minute

func (g *gate) vulnerabilitiesCommand() *cobra.Command {
	var databases []string
	var exceptionsFile, jsonFile string
	cmd := &cobra.Command{
		Use:   "vulnerabilities BOM",
		Short: "Tell which vulnerabilities are known of what an ISO is made of",
		Long: `vulnerabilities looks up what is in a bill of materials, bee.iso.cdx.json, in databases:
source packages of Debian and Alpine, in which version they were built into the ISO,
and the Go modules of its programs, with Go's standard library. No database has
NVIDIA's driver and CUDA: read NVIDIA's bulletins.

A database is a file, https://…, what that has today, or https://…@sha256:…, with the digest of
what is fetched:

  an archive of OSV's for an ecosystem, all.zip of Debian, Alpine or Go; a file in
  OSV's format, or an array of these
  the JSON of Debian's security tracker, https://security-tracker.debian.org/tracker/data/json

That a module is vulnerable does not mean that a program calls what is: govulncheck, of
lint, knows. Exceptions are in a file:

  exceptions:
    - id: CVE-2026-12345
      package: openssl         # all packages, where there is none
      reason: the ISO has no server that speaks TLS
      until: 2027-03-31        # the last day; from then on it counts again
    - package: linux           # without id: all that have no fix yet
      reason: Debian has no other kernel
      until: 2027-01-31

An exception that has ended, or covers nothing, is told. Output: vulnerabilities, how many
count. Exit status: 1 where any counts.`,
		Example: `  gate vulnerabilities dist/bee.iso.cdx.json --database Debian.zip --database Go.zip \
      --exceptions exceptions.yaml --json dist/vulnerabilities.json`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			packages, err := vulnerabilities.ReadPackages(args[0])
			if err != nil {
				return err
			}
			var exceptions []vulnerabilities.Exception
			if exceptionsFile != "" {
				if exceptions, err = vulnerabilities.ReadExceptions(exceptionsFile); err != nil {
					return fmt.Errorf("--exceptions: %w", err)
				}
			}
			found, err := search(cmd.Context(), packages, databases)
			if err != nil {
				return fmt.Errorf("--database: %w", err)
			}
			r := vulnerabilities.Except(found, exceptions, time.Now())
			if jsonFile != "" {
				text, err := json.MarshalIndent(r, "", "  ")
				if err != nil {
					return err
				}
				if err := outfile.WriteFile(jsonFile, append(text, '\n')); err != nil {
					return fmt.Errorf("--json: %w", err)
				}
			}
			return g.tellVulnerabilities(r, exceptionsFile)
		},
	}
	cmd.Flags().StringArrayVar(&databases, "database", nil, "`file`, https://… or https://…@sha256:…, several times")
	cmd.Flags().StringVar(&exceptionsFile, "exceptions", "", "`file` with what does not count")
	cmd.Flags().StringVar(&jsonFile, "json", "", "`file` for what was found, and what does not count")
	cmd.MarkFlagRequired("database")
	cmd.MarkFlagFilename("exceptions", "yaml")
	cmd.MarkFlagFilename("json", "json")
	return cmd
}

// search looks into all databases.
func search(ctx context.Context, packages vulnerabilities.Packages, databases []string) ([]vulnerabilities.Finding, error) {
	folder, err := os.MkdirTemp("", "gate")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	all := vulnerabilities.Findings{}
	for _, database := range databases {
		file, err := vulnerabilities.Fetch(ctx, &http.Client{Timeout: fetchLimit}, database, folder)
		if err != nil {
			return nil, err
		}
		found, err := packages.Search(file)
		if err != nil {
			return nil, err
		}
		all.Merge(found)
	}
	return all.Sorted(), nil
}

// tellVulnerabilities tells what was found, and what is wrong with the exceptions of a file.
func (g *gate) tellVulnerabilities(r vulnerabilities.Result, exceptionsFile string) error {
	for _, e := range r.Ended {
		g.out.Warning(output.Annotation{File: exceptionsFile, Line: e.Line, Title: "exception", Message: fmt.Sprintf("%s: it ended on %s, and counts again (%s)", e, e.Until.Format(time.DateOnly), e.Reason)})
	}
	for _, e := range r.Unused {
		g.out.Warning(output.Annotation{File: exceptionsFile, Line: e.Line, Title: "exception", Message: fmt.Sprintf("%s: no database has it of this ISO: take the exception away", e)})
	}
	inActions := output.InActions(g.getenv)
	var lines []string
	for i, f := range r.Counting {
		lines = append(lines, f.String())
		if i < shownVulnerabilities || !inActions {
			g.out.Error(output.Annotation{Title: f.Names[0], Message: f.Message()})
		}
	}
	g.out.Set("vulnerabilities", strconv.Itoa(len(lines)))
	text := fmt.Sprintf("known vulnerabilities: %d, and %d that do not count", len(lines), len(r.Excepted))
	switch {
	case len(lines) == 0:
		g.out.Summary(summary.Line("PASS", text))
		return nil
	case inActions:
		g.out.Summary(summary.Line("FAIL", text) + "\n" + summary.List(lines))
	default:
		g.out.Summary(summary.Line("FAIL", text))
	}
	return errFailed
}
