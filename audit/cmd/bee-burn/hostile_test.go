package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/audit/burn/fakegpu"
	"bee/core/hostile"
)

// Whatever GPUs, the driver and gpu_burn say, nothing of it but printable text arrives.
func TestHostile(t *testing.T) {
	for _, text := range hostile.Strings {
		m := fakegpu.New(t, "", "kill -KILL $children; cat words >&2; exit 19")
		xml := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
		gpu := fakegpu.GPU(0, "NVIDIA Test 9000", xml, "1652", xml)
		m.Write("xml", strings.Split(fakegpu.Answer(gpu, fakegpu.GPU(1)), "'EOF'\n")[1])
		m.Write("words", text+"\n")
		m.Write("answer", "sed '/^EOF$/d' "+m.Dir+"/xml")
		file := filepath.Join(m.Dir, "report.json")
		cmd, stdout, stderr := command(t, "--time", "1s", "--interval", "20ms", "--output", file)
		code := exitCode(cmd.Run())
		report, err := os.ReadFile(file)
		if found := hostile.Unprintable(stdout.String() + stderr.String() + string(report)); err != nil || code != 3 || found != "" {
			t.Errorf("%.80q: exit code %d, error %v, it writes %s\n%.500s", text, code, err, found, stderr)
			continue
		}
		if r := read(t, report); len(r.GPUs) != 2 || r.GPUs[0].Name == "" {
			t.Errorf("%.80q: GPUs %.300v", text, r.GPUs)
		}
	}
}

// So do the errors of its own, which repeat what it was given.
func TestHostileArguments(t *testing.T) {
	for _, text := range hostile.Strings {
		text = strings.ReplaceAll(text, "\x00", "") // which no argument can hold
		for _, args := range [][]string{{"--output", "none/" + text + "/report.json"}, {"--time", text}, {text + "/x"}} {
			cmd, stdout, stderr := command(t, args...)
			code := exitCode(cmd.Run())
			if found := hostile.Unprintable(stdout.String() + stderr.String()); code == 0 || found != "" || stderr.Len() == 0 {
				t.Errorf("%.80q: exit code %d, it writes %s\n%.500s", args, code, found, stderr)
			}
		}
	}
}
