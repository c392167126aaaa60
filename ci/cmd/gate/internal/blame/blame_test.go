package blame

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFind(t *testing.T) {
	repository := fstest.MapFS{
		"iso/smoke/smoketest.sh":      {Data: []byte("#!/bin/sh\nservice_order\nservice_order() {\n}\r\nlogin() {\r\n")},
		"iso/smoke/a_test.go":         {Data: []byte(`"hardware-drives"`)},
		"iso/smoke/internal/x/x.go":   {Data: []byte("package x\n\nvar y = \"hardware-drives\"\n")},
		"iso/smoke/internal/x/x.json": {Data: []byte(`"only-here"`)},
	}
	for check, want := range map[string]Position{
		"service-order":   {"iso/smoke/smoketest.sh", 3},
		"login":           {"iso/smoke/smoketest.sh", 5},
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
	for check, file := range map[string]string{"service-order": script, "ssh-login-bee": ".go", "hardware-drives": ".go"} {
		if got := Find(repository, check); !strings.HasSuffix(got.File, file) || got.Line < 2 {
			t.Errorf("%s: %+v", check, got)
		}
	}
}
