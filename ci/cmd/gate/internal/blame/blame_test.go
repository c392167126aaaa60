package blame

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFind(t *testing.T) {
	repository := fstest.MapFS{
		"iso/smoke/boot.go":            {Data: []byte("package main\n\nvar _ = \"memory\"\n\nfunc console() {}\n")},
		"iso/smoke/selftest/a/b.go":    {Data: []byte("package a\n\nvar _ = entry{\"nvidia-smi\", nvidiaSMI}\n\nfunc nvidiaSMI(s *live.System) outcome {\n}\r\nfunc memory(\r\n")},
		"iso/smoke/selftest/a_test.go": {Data: []byte("func motd(\n")},
		"iso/smoke/a_test.go":          {Data: []byte(`"hardware-drives"`)},
		"iso/smoke/internal/x/x.go":    {Data: []byte("package x\n\nvar y = \"hardware-drives\"\n")},
		"iso/smoke/internal/x/x.json":  {Data: []byte(`"only-here"`)},
	}
	for check, want := range map[string]Position{
		"nvidia-smi":      {"iso/smoke/selftest/a/b.go", 5},
		"memory":          {"iso/smoke/selftest/a/b.go", 7},
		"motd":            {"iso/smoke/smoketest.sh", 1},
		"console":         {"iso/smoke/smoketest.sh", 1},
		"hardware-drives": {"iso/smoke/internal/x/x.go", 3},
		"only-here":       {"iso/smoke/smoketest.sh", 1},
		"":                {"iso/smoke/smoketest.sh", 1},
	} {
		if got := Find(repository, check); got != want {
			t.Errorf("%s: %+v, want %+v", check, got, want)
		}
	}
	if got := Find(fstest.MapFS{}, "x"); got.Line != 1 {
		t.Errorf("no repository: %+v", got)
	}
}

// Checks of this repository are where they say that they are.
func TestRepository(t *testing.T) {
	repository := os.DirFS("../../../../..")
	for check, file := range map[string]string{
		"service-order": inside, "nvidia-smi": inside, "memory": inside, "network-dhcp-background": inside,
		"ssh-login-bee": "iso/smoke/internal", "hardware-drives": "iso/smoke/internal",
	} {
		if got := Find(repository, check); !strings.HasPrefix(got.File, file) || got.Line < 2 {
			t.Errorf("%s: %+v", check, got)
		}
	}
}
