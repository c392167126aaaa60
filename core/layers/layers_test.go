package layers

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func row(name, text string) string { return fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(text)), name) }

func TestParse(t *testing.T) {
	got, err := Parse("list", row("50-nvidia.squashfs", "a")+row("90-bee.squashfs", "b"))
	if err != nil || len(got) != 2 || got[0].Name != "50-nvidia.squashfs" || got[1].SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte("b"))) {
		t.Errorf("got %+v, %v", got, err)
	}
	for text, want := range map[string]string{
		"": "list: no layers",
		row("90-bee.squashfs", "") + row("50-nvidia.squashfs", ""):             "list: 50-nvidia.squashfs does not belong behind 90-bee.squashfs",
		row("90-bee.squashfs", "") + row("90-bee.squashfs", ""):                "does not belong behind",
		row("../90-bee.squashfs", ""):                                          "no layer with its digest",
		row("90-bee:x.squashfs", ""):                                           "no layer with its digest",
		row("bee.squashfs", ""):                                                "no layer with its digest",
		strings.Repeat("0", 63) + "  90-bee.squashfs\n":                        "no layer with its digest",
		row("90-bee.squashfs", "") + "\n":                                      "no layer with its digest",
		strings.ReplaceAll(row("90-bee.squashfs", ""), "  ", " *"):             "no layer with its digest",
		strings.TrimSuffix(row("90-bee.squashfs", ""), "\n") + "\x1b[31mred\n": "no layer with its digest",
	} {
		if got, err := Parse("list", text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: got %+v, %v, want %s", text, got, err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"10-good.squashfs": "good", "20-damaged.squashfs": "bad"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Parse("list", row("10-good.squashfs", "good")+row("20-damaged.squashfs", "good")+row("30-gone.squashfs", "good"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(all[:1], folder); err != nil {
		t.Error(err)
	}
	err = Check(all, folder)
	if err == nil || strings.Contains(err.Error(), "10-good") || !strings.Contains(err.Error(), "20-damaged.squashfs is damaged, or of another boot") || !strings.Contains(err.Error(), "30-gone.squashfs: no such file") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(row("50-nvidia.squashfs", "a") + row("90-bee.squashfs", "b"))
	f.Add("x  y\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := Parse("list", text)
		if err != nil {
			return
		}
		if !slices.IsSortedFunc(all, func(a, b Layer) int { return strings.Compare(a.Name, b.Name) }) || len(all) == 0 {
			t.Errorf("%q: %+v", text, all)
		}
		for _, layer := range all {
			if strings.ContainsAny(layer.Name, "/:,\x00 ") {
				t.Errorf("%q", layer.Name)
			}
		}
	})
}
