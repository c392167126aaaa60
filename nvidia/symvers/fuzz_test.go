package symvers

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func FuzzRead(f *testing.F) {
	f.Add("0x92997ed8\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n0x0d73a7de\tdrm_ioctl\tdrivers/gpu/drm/drm\tEXPORT_SYMBOL_GPL\tNS\n")
	f.Add("-0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\nprintk vmlinux\n")
	path := filepath.Join(f.TempDir(), "Module.symvers")
	f.Fuzz(func(t *testing.T, text string) {
		read := func(text string) (map[string]Export, error) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return Read(path)
		}
		exports, err := read(text)
		if err != nil {
			return
		}
		var again strings.Builder
		for symbol, e := range exports {
			fmt.Fprintf(&again, "%#08x\t%s\t%s\tEXPORT_SYMBOL\t\n", e.CRC, symbol, e.Module)
		}
		if got, err := read(again.String()); err != nil || !reflect.DeepEqual(got, exports) {
			t.Errorf("%v, %v after %v", got, err, exports)
		}
	})
}
