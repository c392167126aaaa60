package collect

import (
	"context"
	"testing"
	"time"

	"bee/audit/report"
)

// A fault while a device is read is recorded once, and at once.
func TestAskFaults(t *testing.T) {
	faults := Collector{Name: "pcie", Collect: func(_ context.Context, t *Task) {
		ask(t, "device", func() int { return []int{}[len(t.collector.Tools)] })
	}}
	start := time.Now()
	r := audit(t, t.Context(), script{}, faults)
	if len(r.Errors) != 1 || r.Errors[0].Kind != report.Internal || time.Since(start) >= deviceLimit {
		t.Errorf("errors %+v after %v", r.Errors, time.Since(start))
	}
}
