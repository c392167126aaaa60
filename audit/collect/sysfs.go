package collect

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/core/printable"
)

// deviceLimit (a variable for tests) is how long a device may take at first to
// answer through its files in sysfs; see [longer].
var deviceLimit = 10 * time.Second

// ask returns what read reads from the files of one device in sysfs. The kernel
// asks the device for some of them, and one that is broken may never answer. Such
// a read cannot be broken off, and another would only wait behind it: it is waited
// for once more, then left behind, an error is recorded and ok is false.
func ask[T any](ctx context.Context, t *Task, device string, read func() T) (answer T, ok bool) {
	answers := make(chan T, 1)
	go func() {
		defer close(answers)
		t.guard(func() { answers <- read() })
	}()
	start := time.Now()
	select {
	case answer, ok = <-answers:
		return answer, ok
	case <-time.After(deviceLimit):
	}
	if machine.Leaves(ctx, longer*deviceLimit) {
		select {
		case answer, ok = <-answers:
			return answer, ok
		case <-time.After(longer * deviceLimit):
		case <-ctx.Done():
		}
	}
	waited := time.Since(start)
	t.run.fail(report.Error{
		Collector: t.collector.Name, Kind: report.Stuck,
		Message: fmt.Sprintf("%s does not answer: reading its files in sysfs takes longer than %v",
			printable.Escape([]byte(device)), waited.Truncate(deviceLimit)),
		DurationSeconds: seconds(waited),
	})
	return answer, false
}

// number reads a file that holds a whole number, also a hexadecimal one behind
// 0x; not ok where it does not.
func number(files fs.FS, name string) (n int64, ok bool) {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseInt(strings.TrimSpace(string(b)), 0, 64)
	return n, err == nil
}

// leadsTo returns the last part of what a symbolic link leads to, "" where there
// is no such link.
func leadsTo(files fs.FS, name string) string {
	target, err := fs.ReadLink(files, name)
	if err != nil {
		return ""
	}
	return printable.Escape([]byte(path.Base(target)))
}
