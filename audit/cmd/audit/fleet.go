package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bee/audit/judge/fleet"
	"bee/audit/report"
	"bee/audit/report/label"
	showfleet "bee/audit/show/fleet"
	"bee/audit/show/terminal"
	"bee/core/bounded"
)

func fleetCommand() *cobra.Command {
	var (
		asJSON   bool
		csv, web string
	)
	cmd := &cobra.Command{
		Use:   "fleet DIR|FILE...",
		Short: "Look at the reports of many machines together",
		Long: `fleet reads any number of reports and shows
  - a line for each machine, those with the worst findings first: serial number (or
    host name), model, CPU, memory, drives, GPUs, worst finding;
  - for each model, which machines are not built as most are, and in what, as "audit
    diff" compares them;
  - serial numbers, UUIDs and MAC addresses, of machines, drives, GPUs, network
    interfaces and memory modules, that several machines have.

Folders are searched, and those in them, for files whose names end in .json. Where
there are several reports of a machine (serial number and UUID are the same, and a
MAC address is), the newest counts.

A file that cannot be read as a report is named; the others go on, and the exit code
is 1. What else bee writes into the folders of results, such as reports of bee-burn,
is passed over.

--csv, --html and --json write the same for spreadsheets, browsers and programs. The
page searches and sorts, and needs nothing from the network; what is behind # in its
address is searched for. In the CSV file, an apostrophe stands before what a
spreadsheet would take for a formula.`,
		Example: `  audit fleet results/                              the table
  audit fleet --html fleet.html --csv fleet.csv results/
  audit fleet rack1/ rack2/node7.json
  audit fleet --json results/ | jq '.groups[].others'   for programs (see audit schema fleet)`,
		Args: usageArgs(cobra.MinimumNArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return []cobra.Completion{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.Contains(args, "-") {
				return usageError{errors.New("fleet reads files and folders, not standard input")}
			}
			stdout := 0
			for _, is := range []bool{asJSON, csv == "-", web == "-"} {
				if is {
					stdout++
				}
			}
			if stdout > 1 {
				return usageError{errors.New("of --json, --csv - and --html - one can go to standard output: give the others a file")}
			}
			all := reportFilesOf(args)
			if len(all.files)+len(all.unread) == 0 {
				return fmt.Errorf("%s: no file whose name ends in .json: give other folders, or the files themselves", strings.Join(args, ", "))
			}
			var outputs []output
			for _, o := range []output{
				{path: csv, flag: "csv", what: "CSV file", write: showfleet.WriteCSV},
				{path: web, flag: "html", what: "page", write: showfleet.WritePage},
			} {
				if o.path == "" {
					continue
				}
				var err error
				if o.result, err = openResult(cmd, o.what, o.flag, o.path); err != nil {
					return err
				}
				defer o.result.close()
				outputs = append(outputs, o)
			}
			f := fleet.Of(all.files, all.read)
			f.Unread = append(f.Unread, all.unread...)
			return writeFleet(cmd, f, outputs, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON in place of the table")
	cmd.Flags().StringVar(&csv, "csv", "", "file to write the machines to as CSV; - is standard output")
	cmd.Flags().StringVar(&web, "html", "", "file to write an HTML page to; - is standard output")
	_ = cmd.MarkFlagFilename("csv", "csv")
	_ = cmd.MarkFlagFilename("html", "html")
	return cmd
}

// output is where a fleet is written to beside, or in place of, the table.
type output struct {
	path, flag, what string
	write            func(io.Writer, *fleet.Fleet) error
	result           *result
}

// writeFleet writes a fleet wherever it was asked for, and then says whether all was read.
// Where nothing was, it writes nothing.
func writeFleet(cmd *cobra.Command, f *fleet.Fleet, outputs []output, asJSON bool) error {
	var reasons []string
	for _, u := range f.Unread {
		reasons = append(reasons, u.Reason)
	}
	unread := fmt.Errorf("%s not read:\n%s", label.Count(len(f.Unread), "file"), strings.Join(reasons, "\n"))
	if len(f.Machines) == 0 && len(f.Unread) > 0 {
		return unread
	}
	toStdout := false
	for _, o := range outputs {
		toStdout = toStdout || o.path == "-"
		if err := o.result.write(func(w io.Writer) error { return o.write(w, f) }); err != nil {
			return err
		}
	}
	out := cmd.OutOrStdout()
	var err error
	switch {
	case asJSON:
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		err = e.Encode(f)
	case !toStdout:
		err = showfleet.Write(out, f, terminal.Of(out))
	}
	if err != nil || len(f.Unread) == 0 {
		return err
	}
	return unread
}

// reportFiles are the files that may hold reports.
type reportFiles struct {
	files  []string
	unread []fleet.Unread
	// walked are those that nobody named: they were in a folder.
	walked map[string]bool
}

// reportFilesOf lists the files that are named, or are in folders that are. Each is in the list
// once, also where it is named and in a folder.
func reportFilesOf(args []string) *reportFiles {
	all := &reportFiles{walked: map[string]bool{}}
	seen := map[string]bool{}
	add := func(file string, walked bool) {
		if file = filepath.Clean(file); !seen[file] {
			seen[file] = true
			all.files = append(all.files, file)
			all.walked[file] = walked
		}
	}
	fail := func(file string, err error) {
		all.unread = append(all.unread, fleet.NotRead(file, err))
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			fail(arg, err)
			continue
		case !info.IsDir() && !info.Mode().IsRegular():
			fail(arg, fmt.Errorf("%s is neither a file nor a folder, and fleet may have to read it twice: give a file", arg))
			continue
		case !info.IsDir():
			add(arg, false)
			continue
		}
		// With a slash behind it, a link is followed.
		_ = filepath.WalkDir(arg+string(filepath.Separator), func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				fail(path, err)
			case e.Type().IsRegular() && strings.HasSuffix(e.Name(), ".json") && !strings.HasPrefix(e.Name(), "."): // one with a dot is not yet whole
				add(path, true)
			}
			return nil
		})
	}
	return all
}

// read reads one of the files.
func (all *reportFiles) read(file string) (*report.Report, error) {
	text, err := bounded.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r, err := report.Decode(text, file)
	if err == nil {
		return r, nil
	}
	if is, _ := kindOf(file, text); all.walked[file] && is != "" && is != auditReport && is != auditBaseline {
		return nil, fleet.ErrOther
	}
	return nil, mistaken(err, auditReport, file, text)
}
