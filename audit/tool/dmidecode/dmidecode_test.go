package dmidecode

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

const sample = `# dmidecode 3.6
Getting SMBIOS data from sysfs.
SMBIOS 3.2.0 present.

Handle 0x0001, DMI type 1, 27 bytes
System Information
	Manufacturer: ACME  
	Product Name: To Be Filled By O.E.M.
	Serial Number: ` + "S\xff\x01N" + `
	UUID: 00000000-0000-0000-0000-000000000000

Handle 0x0011, DMI type 17, 92 bytes
Invalid entry length (92). Fixed up to 91.
Memory Device
	Size: 16 GB
	Set: None
	Type: DDR5
	Type Detail: <OUT OF SPEC>
	Speed: 4800 MT/s
	Total Width: 80 bits
	Configured Voltage: 1.1 V
	Locator: A:1
	Flags:
		Size: 1 GB

Handle 0x0012, DMI type 17, 92 bytes.
Memory Device
	Size: No Module Installed
	Speed: Unknown

Handle 0x0013, DMI type 127, 4 bytes
End Of Table
`

func TestParse(t *testing.T) {
	for name, text := range map[string]string{"unix": sample, "dos": strings.ReplaceAll(sample, "\n", "\r\n")} {
		t.Run(name, func(t *testing.T) {
			all, err := Parse([]byte(text))
			if err != nil || len(all) != 4 {
				t.Fatalf("%d structures, error %v", len(all), err)
			}
			system, slots := Of(all, 1)[0], Of(all, 17)
			if len(slots) != 2 {
				t.Fatalf("%d memory devices", len(slots))
			}
			for _, c := range []struct{ what, got, want string }{
				{"name", system.Name, "System Information"},
				{"name behind a remark", slots[0].Name, "Memory Device"},
				{"handle", slots[1].Handle, "0x0012"},
				{"padded text", system.Text("Manufacturer"), "ACME"},
				{"placeholder", system.Text("Product Name"), ""},
				{"its raw value", system.Raw("Product Name"), "To Be Filled By O.E.M."},
				{"zero UUID", system.Text("UUID"), ""},
				{"stray bytes", system.Text("Serial Number"), `S\xff\x01N`},
				{"absent field", system.Text("Asset Tag"), ""},
				{"word of the specification", slots[0].Enum("Set"), "None"},
				{"none of them", slots[0].Enum("Type Detail"), ""},
				{"colon in a value", slots[0].Text("Locator"), "A:1"},
			} {
				if c.got != c.want {
					t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
				}
			}
			if n := slots[0].Bytes("Size"); n != 16<<30 {
				t.Errorf("size %d", n)
			}
			if n := slots[0].Count("Speed"); n != 4800 {
				t.Errorf("speed %d", n)
			}
			if slots[0].Within("Speed", 4800, 4800) != 4800 || slots[0].Within("Speed", 16, 4799) != 0 || slots[0].Within("Speed", 4801, 9999) != 0 {
				t.Error("bounds of the speed")
			}
			if v := slots[0].Volts("Configured Voltage"); v != 1.1 {
				t.Errorf("voltage %v", v)
			}
			if slots[1].Bytes("Size") != 0 || slots[1].Count("Speed") != 0 || slots[1].Volts("Speed") != 0 {
				t.Error("words are numbers")
			}
		})
	}
}

func TestBytes(t *testing.T) {
	for in, want := range map[string]uint64{
		"64 kB": 64 << 10, "8192 MB": 8 << 30, "16 GB": 16 << 30, "1536 GB": 1536 << 30, "2 TB": 2 << 40,
		"1 PB": 1 << 50, "106080 bytes": 106080, "4 GiB": 4 << 30,
		"": 0, "Unknown": 0, "No Module Installed": 0, "16": 0, "-1 GB": 0, "99999999999 EB": 0, "3 fathoms": 0,
	} {
		s := Structure{fields: map[string]string{"Size": in}}
		if got := s.Bytes("Size"); got != want {
			t.Errorf("%q is %d bytes, want %d", in, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"": "no SMBIOS table",
		"# dmidecode 3.6\n# No SMBIOS nor DMI entry point found, sorry.\n": "sorry",
		"\x7fELF\x00\xff": `\\x7fELF`,
	} {
		if _, err := Parse([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", in, err, want)
		}
	}
	if all, err := Parse([]byte("# dmidecode 3.6\nSMBIOS 2.8 present.\n\n")); err != nil || len(all) != 0 {
		t.Errorf("a table without the types asked for: %v, error %v", all, err)
	}
}

// Every handle line gives a structure, whose values are printable and on one line.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("Handle 0x0001, DMI type 99999999999999999999, 1 bytes\n\t:\n\t\t\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		all, err := Parse(out)
		if err != nil {
			return
		}
		if handles := strings.Count("\n"+string(out), "\nHandle 0x"); len(all) > handles {
			t.Errorf("%d structures, %d handles", len(all), handles)
		}
		for _, s := range all {
			for field, value := range s.fields {
				if strings.ContainsFunc(value, unicode.IsControl) || value != strings.TrimSpace(value) {
					t.Errorf("%s: %q", field, value)
				}
				if s.Text(field) != "" && s.Text(field) != value {
					t.Errorf("%s: %q became %q", field, value, s.Text(field))
				}
				s.Bytes(field)
				if v := s.Volts(field); !(v >= 0 && v <= 100) {
					t.Errorf("%s: %q are %v V", field, value, v)
				}
			}
		}
	})
}

// No structure of a real table is lost.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("BEE_CORPUS")
	if corpus == "" {
		t.Skip("BEE_CORPUS is unset: no real tool output to read")
	}
	files, _ := filepath.Glob(filepath.Join(corpus, "dmidecode", "*", "*.txt"))
	if len(files) == 0 {
		t.Fatalf("no dmidecode output under %s", corpus)
	}
	for _, file := range files {
		out, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all, err := Parse(out)
		if sorry := bytes.Contains(out, []byte("No SMBIOS nor DMI entry point found")); (err != nil) != sorry {
			t.Errorf("%s: %v", file, err)
		}
		if want := bytes.Count(out, []byte(", DMI type ")); len(all) != want {
			t.Errorf("%s: %d structures, want %d", file, len(all), want)
		}
	}
}

func TestNoTable(t *testing.T) {
	for _, c := range []struct{ stdout, stderr, want string }{
		{"# dmidecode 3.4\nScanning /dev/mem for entry point.\n", "/dev/mem: No such file or directory\n", "this machine has no SMBIOS"},
		{"# dmidecode 3.6\n# No SMBIOS nor DMI entry point found, sorry.\n", "", "this machine has no SMBIOS"},
		{"# dmidecode 3.6\nScanning /dev/mem for entry point.\n", "/sys/firmware/dmi/tables/smbios_entry_point: Permission denied\n/dev/mem: No such file or directory\n", "the machine's SMBIOS is for root alone to read"},
		{"", "/dev/mem: Operation not permitted\n", "the kernel does not let the machine's SMBIOS be read"},
		{"", "dmidecode: option requires an argument\n", ""},
		{"", "", ""},
	} {
		if got := NoTable([]byte(c.stdout), []byte(c.stderr)); got != c.want {
			t.Errorf("%q %q: %q, want %q", c.stdout, c.stderr, got, c.want)
		}
	}
}
