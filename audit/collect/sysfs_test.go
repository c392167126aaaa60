package collect

import (
	"context"
	"strings"
	"testing"
	"time"

	"bee/audit/report"
)

// A fault while a device is read is recorded once, and at once.
func TestAskFaults(t *testing.T) {
	faults := Collector{Name: "pcie", Collect: func(ctx context.Context, t *Task) {
		ask(ctx, t, "device", func() int { return []int{}[len(t.collector.Tools)] })
	}}
	start := time.Now()
	r := audit(t, t.Context(), script{}, faults)
	if len(r.Errors) != 1 || r.Errors[0].Kind != report.Internal || time.Since(start) >= deviceLimit {
		t.Errorf("errors %+v after %v", r.Errors, time.Since(start))
	}
}

// A device that is slow is waited for once more, as far as the audit's time goes.
func TestAskWaitsOnceMore(t *testing.T) {
	defer func(d time.Duration) { deviceLimit = d }(deviceLimit)
	deviceLimit = 500 * time.Millisecond
	for name, c := range map[string]struct {
		answersAfter, total, interrupted time.Duration
		want                             string // "" where there is an answer
	}{
		"slow":                     {3 * deviceLimit / 2, time.Hour, time.Hour, ""},
		"it hangs":                 {time.Hour, time.Hour, time.Hour, "longer than 1.5s"},
		"no time to wait":          {time.Hour, 3*deviceLimit - 1, time.Hour, "longer than 500ms"},
		"interrupted":              {time.Hour, time.Hour, 3 * deviceLimit / 2, "longer than 500ms"},
		"slow, after an interrupt": {deviceLimit / 2, time.Hour, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.total)
			defer cancel()
			ctx, interrupt := context.WithCancel(ctx)
			time.AfterFunc(c.interrupted, interrupt)
			answer := 0
			r := audit(t, ctx, script{}, Collector{Name: "pcie", Collect: func(ctx context.Context, t *Task) {
				answer, _ = ask(ctx, t, "device", func() int { time.Sleep(c.answersAfter); return 7 })
			}})
			if c.want == "" {
				if answer != 7 || len(r.Errors) > 0 {
					t.Errorf("answer %d, errors %+v", answer, r.Errors)
				}
				return
			}
			if answer != 0 || len(r.Errors) != 1 || r.Errors[0].Kind != report.Stuck || !strings.HasSuffix(r.Errors[0].Message, c.want) {
				t.Errorf("answer %d, errors %+v", answer, r.Errors)
			}
		})
	}
}
