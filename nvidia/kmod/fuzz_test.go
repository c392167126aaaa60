package kmod_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"bee/nvidia/kmod"
	"bee/nvidia/kmod/kmodtest"
)

func FuzzRead(f *testing.F) {
	f.Add(kmodtest.Build(kmod.Module{Name: "a", Version: "550.163.01", Vermagic: "1 SMP", Depends: []string{"b", "c"},
		Imports: []kmod.Import{{Name: "maybe", Weak: true}, {Name: "printk", CRC: 7}}}))
	f.Add(compressed())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := kmod.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		said := len(m.Name) + len(m.Version) + len(m.License) + len(m.Vermagic) + len(strings.Join(m.Depends, ","))
		if m.Name == "" || m.Vermagic == "" || said > len(data) {
			t.Errorf("%d bytes of text in %d: %+v", said, len(data), m)
		}
		for _, i := range m.Imports {
			if i.Name == "" {
				t.Errorf("import %+v", i)
			}
		}
	})
}

// FuzzBuild: what a module says of itself is read back as it was written.
func FuzzBuild(f *testing.F) {
	f.Add("nvidia_uvm", "550.163.01", "Dual MIT/GPL", "6.12.118+deb13-amd64 SMP", "nvidia", "printk", uint32(7), false)
	f.Fuzz(func(t *testing.T, name, version, license, vermagic, depends, symbol string, crc uint32, weak bool) {
		const maxSymbol = 55 // what an entry of __versions has room for
		if name == "" || vermagic == "" || symbol == "" || len(symbol) > maxSymbol || strings.Contains(name+version+license+vermagic+depends+symbol, "\x00") {
			return
		}
		want := kmod.Module{Name: name, Version: version, License: license, Vermagic: vermagic, Imports: []kmod.Import{{Name: symbol, CRC: crc, Weak: weak}}}
		if depends != "" && !strings.Contains(depends, ",") {
			want.Depends = []string{depends}
		}
		got, err := kmod.Read(bytes.NewReader(kmodtest.Build(want)))
		if err != nil {
			t.Fatal(err)
		}
		if got.Depends = append([]string(nil), got.Depends...); !reflect.DeepEqual(*got, want) {
			t.Errorf("got  %+v\nwant %+v", *got, want)
		}
	})
}
