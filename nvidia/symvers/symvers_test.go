package symvers

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Module.symvers")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	kernel := write(t, "0x92997ed8\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n0x0d73a7de\tdrm_ioctl\tdrivers/gpu/drm/drm\tEXPORT_SYMBOL\t\n")
	own := write(t, "0x00000000\tnvUvmInterfaceRegister\tnvidia\tEXPORT_SYMBOL\n")
	got, err := Read(kernel, own)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Export{
		"printk": {0x92997ed8, "vmlinux"}, "drm_ioctl": {0x0d73a7de, "drivers/gpu/drm/drm"}, "nvUvmInterfaceRegister": {0, "nvidia"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\nprintk vmlinux\n": ":2: \"printk vmlinux\" is not CRC",
		"one\ta\tvmlinux\tEXPORT_SYMBOL\t\n":                 ":1: \"one\" is no CRC",
		"12\ta\tvmlinux\tEXPORT_SYMBOL\t\n":                  ":1: \"12\" is no CRC",
		"0x1_2\ta\tvmlinux\tEXPORT_SYMBOL\t\n":               ":1: \"0x1_2\" is no CRC",
	} {
		path := write(t, text)
		if _, err := Read(path); err == nil || !strings.HasPrefix(err.Error(), path+want) {
			t.Errorf("error is %v, want %s%s", err, path, want)
		}
	}
	if _, err := Read("/no/Module.symvers"); err == nil {
		t.Error("no error for a missing file")
	}
}
