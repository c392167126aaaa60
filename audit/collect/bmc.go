package collect

import (
	"context"
	"errors"
	"io/fs"

	"bee/audit/collect/machine"
)

// hasBMC reports whether there is a BMC to ask, and ipmitool to ask it: whether
// the kernel has one of the device files that ipmitool looks for.
func hasBMC(t *Task) bool {
	for _, device := range []string{"dev/ipmi0", "dev/ipmi/0", "dev/ipmidev/0"} {
		if _, err := fs.Stat(t.Files(), device); err == nil {
			return t.Has("ipmitool")
		}
	}
	return false
}

// askBMC runs ipmitool and reads what it prints, also where it was killed half
// way. It is not ok where there is nothing to read.
//
// ipmitool exits with status 1 where one inventory or sensor of many cannot be
// read, which is common: a supply is not plugged in. As long as it has printed
// others, that is no error.
func askBMC[T any](ctx context.Context, t *Task, parse func(out []byte) (T, error), args ...string) (answer T, ok bool) {
	result := t.Run(ctx, "ipmitool", args...)
	answer, err := parse(result.Stdout)
	var exit *machine.ExitError
	failed := errors.As(result.Err, &exit) && (exit.Signal != 0 || len(result.Stdout) == 0)
	if err != nil || failed || result.Err != nil && exit == nil {
		t.Check(result, err)
	}
	return answer, err == nil && len(result.Stdout) > 0
}
