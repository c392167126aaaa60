package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/bounded"
	"bee/core/config"
	"bee/core/delivery"
	"bee/core/printable"
	"bee/iso/partition"
	"bee/iso/results/collection"
	"bee/iso/results/stick"
	"bee/iso/results/upload"
)

// label is that of sticks which get results without being asked for.
const label = "LABEL=BEE-RESULTS"

// sender is the machine whose results are delivered.
type sender struct {
	logs   string // the folder with the results
	state  string // the file that has what came of it
	config string // the file that says where they go

	removable, find func(tag string) ([]partition.Partition, error)
	mount           func(partition.Partition) (root *os.Root, unmount func() error, err error)
	// page makes the page of a report.
	page func(report, page string) error
	// start leaves a process that goes on, and writes what it says to a file.
	start func(log *os.File) error

	out io.Writer
}

func this() *sender {
	return &sender{
		logs: "/var/log", state: delivery.File, config: config.File,
		removable: partition.FindRemovable, find: partition.Find, mount: stick.Mount, page: makePage, start: startRetry,
	}
}

func makePage(report, page string) error {
	out, err := exec.Command("/usr/local/bin/audit", "report", "--html", "--output", page, report).CombinedOutput()
	if err != nil {
		return fmt.Errorf("audit report: %w: %s", err, printable.Escape(out))
	}
	return nil
}

// send delivers once. again tells whether a server may get later what it did not get.
func (s *sender) send(ctx context.Context) (again bool, err error) {
	unlock, err := s.lock()
	if err != nil {
		return false, err
	}
	defer unlock()
	where, err := s.where()
	if err != nil {
		return false, err
	}
	if err := s.makePage(); err != nil {
		fmt.Fprintf(s.out, "there is no page: %s\n", printable.Lines(err.Error()))
	}
	c, err := collection.Of(s.logs)
	if err != nil {
		return false, err
	}
	defer c.Close()
	list, err := delivery.Read(s.state)
	if err != nil {
		return false, err
	}
	var states []delivery.State
	done := func(d delivery.Delivery) {
		d.At, d.Error = time.Now().UTC(), printable.Again(strings.ReplaceAll(d.Error, "\n", "; "))
		list.Set(d)
		states = append(states, d.State)
		fmt.Fprintf(s.out, "%s: %s: %s\n", d.Target, d.State, cmp.Or(d.Error, "folder "+d.Folder))
		err = errors.Join(err, list.Write(s.state))
	}

	partitions, server, missed := s.targets(where)
	// of what is not tried now, what was delivered is still so
	list = slices.DeleteFunc(list, func(d delivery.Delivery) bool {
		return d.State != delivery.Delivered && (server == nil || d.Target != server.String())
	})
	for _, d := range missed {
		done(d)
	}
	var notSent []string
	if server != nil {
		notSent = names(unsent(c, sent(c, list.To(server.String()))))
	}
	for _, p := range partitions {
		done(s.toPartition(p, c, notSent))
	}
	if server != nil {
		d := toServer(ctx, server, c, list.To(server.String()))
		if d.State == delivery.Delivered {
			d = s.fromPartitions(ctx, server, partitions, list, d)
		}
		done(d)
	}
	switch {
	case err != nil:
		return false, err
	case len(states) == 0:
		fmt.Fprintf(s.out, "There is no place for the results, which are in %s: plug in a stick with the label BEE-RESULTS.\n", s.logs)
	case slices.Contains(states, delivery.Waiting):
		return true, nil
	case slices.Contains(states, delivery.Failed):
		return false, errMissing
	}
	return false, nil
}

// lock keeps others from delivering at the same time.
func (s *sender) lock() (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(s.state), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(s.state+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", file.Name(), err)
	}
	return func() { file.Close() }, nil
}

// where reads where results go. What is in the file was written by a program, as JSON.
func (s *sender) where() (where config.Results, err error) {
	text, err := bounded.ReadFile(s.config)
	if errors.Is(err, fs.ErrNotExist) { // nobody said anything
		return where, nil
	}
	if err != nil {
		return where, err
	}
	document := config.Config{Results: &where}
	if err := json.Unmarshal(text, &document); err != nil {
		return where, fmt.Errorf("%s: %w", s.config, err)
	}
	return where, nil
}

// makePage makes the page where there is none of this report.
func (s *sender) makePage() error {
	report, page := filepath.Join(s.logs, collection.Report), filepath.Join(s.logs, collection.Page)
	made, err := os.Stat(report)
	if err != nil {
		return err
	}
	if there, err := os.Stat(page); err == nil && !there.ModTime().Before(made.ModTime()) {
		return nil
	}
	return s.page(report, page)
}

// targets are where results go: partitions of removable media, the one that is named, and a server,
// nil where there is none. What could not be found is a delivery that failed.
func (s *sender) targets(where config.Results) (partitions []partition.Partition, server *upload.Server, missed []delivery.Delivery) {
	fail := func(target string, err error) {
		missed = append(missed, delivery.Delivery{Target: target, State: delivery.Failed, Error: err.Error()})
	}
	partitions, err := s.removable(label)
	switch {
	case err != nil && partitions == nil:
		fail(label, err)
	case err != nil: // of a disk that may well be another one
		fmt.Fprintln(s.out, printable.Lines(err.Error()))
	}
	if where.Partition != "" {
		named, err := s.find(where.Partition)
		switch {
		case len(named) == 0:
			fail(where.Partition, cmp.Or(err, errors.New("there is no such partition")))
		case len(named) > 1:
			fail(where.Partition, fmt.Errorf("%d partitions are called so, and one is written to: give another name in results.partition", len(named)))
		case !slices.Contains(partitions, named[0]):
			partitions = append(partitions, named[0])
		}
	}
	if where.URL != "" {
		if server, err = upload.New(where); err != nil {
			fail("results.url", err)
		}
	}
	return partitions, server, missed
}

// toPartition writes the results to a partition.
func (s *sender) toPartition(p partition.Partition, c *collection.Collection, notSent []string) delivery.Delivery {
	d := delivery.Delivery{Target: p.Device, State: delivery.Delivered}
	root, unmount, err := s.mount(p)
	if err == nil {
		d.Folder, err = stick.Put(root, c, notSent)
		err = errors.Join(err, unmount())
	}
	if err != nil {
		d.State, d.Error = delivery.Failed, err.Error()
	}
	return d
}

// sent has the digests of the files that a server got, if that was of this collection.
func sent(c *collection.Collection, before delivery.Delivery) map[string]string {
	sent := map[string]string{}
	if before.Folder == c.Folder {
		maps.Copy(sent, before.Sent)
	}
	return sent
}

// unsent are the files that are not among them. SHA256SUMS, of all files, is the last one.
func unsent(c *collection.Collection, sent map[string]string) (files []collection.File) {
	for _, file := range append(slices.Clip(c.Files), collection.Sums(c.Files)) {
		if sent[file.Name] != file.Digest {
			files = append(files, file)
		}
	}
	return files
}

func names(files []collection.File) (names []string) {
	for _, f := range files {
		names = append(names, f.Name)
	}
	return names
}

// toServer puts the results to a server.
func toServer(ctx context.Context, server *upload.Server, c *collection.Collection, before delivery.Delivery) delivery.Delivery {
	d := delivery.Delivery{Target: server.String(), State: delivery.Delivered, Folder: c.Folder, Sent: sent(c, before)}
	for _, file := range unsent(c, d.Sent) {
		if err := server.Put(ctx, c.Folder+"/"+file.Name, file.Size, file.Content()); err != nil {
			return failed(d, err)
		}
		d.Sent[file.Name] = file.Digest
	}
	return d
}

// failed is a delivery to a server that came to an error.
func failed(d delivery.Delivery, err error) delivery.Delivery {
	d.State, d.Error = delivery.Waiting, err.Error()
	var refused upload.Refused
	if errors.As(err, &refused) {
		d.State = delivery.Failed
	}
	return d
}

// fromPartitions sends what partitions have that has not arrived, of earlier starts: the server can
// be reached. What they got just now has arrived.
func (s *sender) fromPartitions(ctx context.Context, server *upload.Server, partitions []partition.Partition, list delivery.List, d delivery.Delivery) delivery.Delivery {
	for _, p := range partitions {
		now := list.To(p.Device).Folder
		if now == "" {
			continue // it could not be written to
		}
		root, unmount, err := s.mount(p)
		if err == nil {
			err = stick.Send(root, func(folder, name string, size int64, content io.Reader) error {
				if folder == now {
					return nil
				}
				return server.Put(ctx, folder+"/"+name, size, content)
			})
			err = errors.Join(err, unmount())
		}
		if err != nil {
			return failed(d, fmt.Errorf("%s: %w", p.Device, err))
		}
	}
	return d
}

// show tells where the results are, and what came of each delivery.
func (s *sender) show(out io.Writer) error {
	c, err := collection.Of(s.logs)
	if err != nil {
		return err
	}
	defer c.Close()
	var size int64
	for _, f := range c.Files {
		size += f.Size
	}
	fmt.Fprintf(out, "The results of this machine are in %s, %d files of %d KiB. Where they are delivered to, their folder is %s.\n", s.logs, len(c.Files), (size+1023)/1024, c.Folder)
	list, err := delivery.Read(s.state)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(out, "They were not delivered yet: bee-results send does that, see bee-results --help.")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	missing := false
	for _, d := range list {
		missing = missing || d.State != delivery.Delivered
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", d.Target, d.State, d.At.UTC().Format("2006-01-02 15:04:05 UTC"), printable.Again(cmp.Or(d.Error, d.Folder)))
	}
	if err := table.Flush(); err != nil || !missing {
		return err
	}
	return errMissing
}
