package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	c := command()
	c.SetArgs([]string{dir})
	c.SetIn(strings.NewReader(`{"v1/main": [{"Name": "a", "Version": "1-r0"}], "v1/community": []}`))
	if err := c.Execute(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"keys/test.rsa.pub", "v1/main/x86_64/a-1-r0.apk", "v1/main/x86_64/APKINDEX.tar.gz", "v1/community/x86_64/APKINDEX.tar.gz"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.SetIn(strings.NewReader(`{"v1/main": [{"Nmae": "a"}]}`))
	if err := c.Execute(); err == nil || !strings.Contains(err.Error(), "Nmae") {
		t.Errorf("a field that is not known: %v", err)
	}
}
