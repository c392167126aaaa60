package part

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"bee/bench/internal/result"
	"bee/core/report"
)

// boot boots the ISO once, as make smoke does under BIOS.
func boot(ctx context.Context, b *Bench, p *result.Part) error {
	m, err := readManifest(b.Top)
	if err != nil {
		return err
	}
	image := filepath.Join(b.Top, isoFile)
	if _, err := os.Stat(image); err != nil {
		return fmt.Errorf("%w: make build makes it", err)
	}
	p.Of = contents(m)
	engine, err := b.Engine()
	if err != nil {
		return err
	}
	copied, err := b.Copy()
	if err != nil {
		return err
	}
	b.Progress("boot: %s; some minutes where QEMU has no KVM", isoFile)
	folder := filepath.Join(b.Scratch, "boot")
	if _, err := engine.Call(ctx, copied, fmt.Sprintf("--kvm=%t", b.Machine.Accelerator == "kvm"),
		"smoke-report", "--iso", image, "--machine", "bios", "export", "--path", folder); err != nil {
		return err
	}
	r, err := report.Read(folder)
	if err != nil {
		return err
	}
	if r.ISO == nil || r.Machine == nil {
		return fmt.Errorf("the report tells of no virtual machine")
	}
	if r.ISO.SHA256 != m.ISO.SHA256 {
		return fmt.Errorf("%s is not the ISO that %s tells of: make build makes both", isoFile, manifestFile)
	}
	p.Of += fmt.Sprintf(", %s, %d MiB, %s", r.Machine.Firmware, r.Machine.MemoryMiB, r.Machine.Accelerator)
	p.Figures = stages(r.Timeline)
	if r.Verdict != report.Pass {
		reason := r.Reason
		if failed := r.Failed(); reason == "" && len(failed) > 0 {
			reason = failed[0].String()
		}
		return fmt.Errorf("the boot is no PASS, so its times mean little: %s; make smoke tells more", reason)
	}
	return nil
}

// stages are when a boot came to each milestone, since the machine was switched on.
func stages(timeline []report.Milestone) []result.Figure {
	var figures []result.Figure
	for _, m := range timeline {
		figures = append(figures, result.Of(m.Name, result.Seconds, m.Seconds))
	}
	return figures
}
