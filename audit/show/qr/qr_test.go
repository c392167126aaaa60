package qr

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"bee/audit/report"
	"bee/audit/report/sample"
	"bee/audit/show/terminal"
)

// reports are machines from nothing to more than there is.
func reports() map[string]*report.Report {
	huge := sample.Server()
	huge.Host.SSHHostKey = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	huge.Board.System.ProductName = strings.Repeat("Größe 内存 ", 20)
	huge.Board.System.SerialNumber = strings.Repeat("S", 200)
	huge.Board.BIOS.Version = strings.Repeat("1.", 100)
	huge.BeeRelease.Version = strings.Repeat("v", 100)
	huge.Audit.Version = strings.Repeat("a", 100)
	huge.NVIDIA.GPUs[0].Name = strings.Repeat("g", 100)
	huge.Network.Interfaces[0].PermanentMACAddress = strings.Repeat("80:00:", 20)
	huge.NotExamined = append([]report.Gap{{Reason: strings.Repeat("内", 100), Sections: []string{"board"}}}, huge.NotExamined...)
	huge.CPU.Sockets[0].Version = strings.Repeat("内", 100)
	for i := range 1000 {
		huge.Storage.Drives = append(huge.Storage.Drives, report.Drive{SizeBytes: uint64(i) << 30, Model: fmt.Sprint("model ", i)})
		huge.Memory.Slots = append(huge.Memory.Slots, report.MemorySlot{Populated: true, SizeBytes: uint64(i) << 20, Type: "DDR5"})
	}
	return map[string]*report.Report{
		"empty": {},
		"small": {
			Findings: []report.Finding{}, Board: &report.Board{System: &report.System{SerialNumber: "\x1b[2J\n\u0085!"}},
			Memory: &report.Memory{Slots: []report.MemorySlot{{Populated: true, Type: "DDR4"}, {}}}, CPU: &report.CPU{Packages: []report.CPUPackage{{}}},
			PCIe: &report.PCIe{Devices: []report.PCIDevice{{ClassID: "0300", Device: "ASPEED"}, {ClassID: "0302", Vendor: "ACME", Device: "ACME X1"}}},
		},
		"server": sample.Server(),
		"huge":   huge,
	}
}

func TestPayload(t *testing.T) {
	got := strings.Join(Payload(sample.Server()), "\n\n")
	const want = `BEE1 1/4 92357D3D
FIND=2 critical, 1 warning, 32 info
SN=S937425X4C19233
SYS=ACME Computer Inc. AI Server 9000-TNRT
BIOS=3.2a

BEE1 2/4 92357D3D
GAP=no ipmitool: psu; +2 more
CPU=2x ACME Fast 9654 96-Core Processor
MEM=1536GiB: 24x 64GiB DDR5

BEE1 3/4 92357D3D
DISK=60x 16TB ST16000NM004J, +2 more
GPU=8x NVIDIA H100 80GB HBM3, 1x missing
NIC=10 3c:ec:ef:00:00:00

BEE1 4/4 92357D3D
BEE=0.9.0 0123456789ab
TIME=2026-01-02T03:04:05Z`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// The fingerprint by which people know the machine is in the first code, whole, whatever else
// there is.
func TestHostKey(t *testing.T) {
	const key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	for name, r := range reports() {
		r.Host.SSHHostKey = key
		if first := Payload(r)[0]; !strings.Contains(first+"\n", "\nKEY="+key+"\n") {
			t.Errorf("%s: %s", name, first)
		}
	}
}

// What a reader that knows only the package's documentation gets.
func TestPayloadJoins(t *testing.T) {
	for name, r := range reports() {
		texts := Payload(r)
		var lines []string
		id := ""
		for i, text := range texts {
			first, rest, _ := strings.Cut(text, "\n")
			var k, n int
			var sum string
			if _, err := fmt.Sscanf(first, "BEE1 %d/%d %s", &k, &n, &sum); err != nil || k != i+1 || n != len(texts) || id != "" && sum != id {
				t.Errorf("%s: first line %q of code %d, error %v", name, first, i+1, err)
			}
			id = sum
			lines = append(lines, strings.Split(rest, "\n")...)
			if len(text) > maxText || !utf8.ValidString(text) {
				t.Errorf("%s: text of %d bytes: %q", name, len(text), text)
			}
		}
		if want := fmt.Sprintf("%08X", crc32.ChecksumIEEE([]byte(strings.Join(lines, "\n")))); id != want {
			t.Errorf("%s: %s, the lines' checksum is %s", name, id, want)
		}
		seen := map[string]bool{}
		for _, line := range lines {
			key, value, ok := strings.Cut(line, "=")
			if !ok || seen[key] || value == "" || len(value) > maxValue {
				t.Errorf("%s: line %q", name, line)
			}
			seen[key] = true
		}
		if len(texts) > 9 {
			t.Errorf("%s: %d codes", name, len(texts))
		}
	}
}

// A phone that is pointed at a console reads what was meant, and each screen
// and a shell's prompt fit one of 80×24.
func TestScreensDecode(t *testing.T) {
	for name, r := range reports() {
		texts := Payload(r)
		for _, console := range []terminal.Terminal{{}, {Columns: 80}, {Columns: 80, Colour: true}} {
			screens, err := Screens(r, console)
			if err != nil {
				t.Fatal(err)
			}
			if len(screens) != len(texts) {
				t.Fatalf("%s: %d screens for %d codes", name, len(screens), len(texts))
			}
			for i, screen := range screens {
				lines := strings.Split(strings.TrimSuffix(screen, "\n"), "\n")
				if len(lines) > 23 {
					t.Errorf("%s: %d lines", name, len(lines))
				}
				got, err := scan(t, lines)
				if err != nil || got != texts[i] {
					t.Errorf("%s: decoded %q, error %v; want %q\n%s", name, got, err, texts[i], screen)
				}
			}
		}
	}
}

// Every level is used as far as it goes.
func TestEncodeFits(t *testing.T) {
	for n := range maxText + 1 {
		code, err := encode(strings.Repeat("a", n))
		if err != nil || code.Bounds().Dx() > maxModules {
			t.Errorf("%d bytes: %v, error %v", n, code.Bounds(), err)
		}
	}
	if _, err := encode(strings.Repeat("a", maxText+1)); err == nil {
		t.Error("more than fits")
	}
}

func BenchmarkScreens(b *testing.B) {
	r := sample.Server()
	for b.Loop() {
		if _, err := Screens(r, terminal.Terminal{}); err != nil {
			b.Fatal(err)
		}
	}
}

// scan decodes a code with what is beside it. Light is what is drawn: the picture
// is that of a dark console.
func scan(t *testing.T, lines []string) (string, error) {
	t.Helper()
	const scale = 8
	img := image.NewGray(image.Rect(0, 0, 82*scale, 50*scale))
	for n, line := range lines {
		line = strings.NewReplacer("\x1b[97;40m", "", "\x1b[0m", "").Replace(line)
		if displaywidth.String(line) > 80 {
			t.Errorf("%d columns: %q", displaywidth.String(line), line)
		}
		for x, r := range []rune(line) {
			upper, lower := r == '█' || r == '▀', r == '█' || r == '▄'
			for p := range 2 * scale * scale {
				px, py := p%scale, p/scale
				letter := r > ' ' && r < 0x7f && px*py%3 == 1
				if letter || upper && py < scale || lower && py >= scale {
					img.SetGray((x+1)*scale+px, 2*n*scale+py, color.Gray{Y: 170})
				}
			}
		}
	}
	if path := os.Getenv("QR_PNG"); path != "" { // to look at
		var b bytes.Buffer
		_ = png.Encode(&b, img)
		_ = os.WriteFile(path, b.Bytes(), 0o644)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", err
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		return "", err
	}
	return result.GetText(), nil
}

func FuzzPayload(f *testing.F) {
	f.Add("SYS-1", "内存\n=", "GPU", uint8(3))
	f.Fuzz(func(t *testing.T, system, serial, model string, n uint8) {
		r := sample.Server()
		r.Board.System = &report.System{ProductName: strings.ToValidUTF8(system, "?"), SerialNumber: strings.ToValidUTF8(serial, "?")}
		for i := range n {
			r.Storage.Drives = append(r.Storage.Drives, report.Drive{Model: fmt.Sprint(strings.ToValidUTF8(model, "?"), i)})
		}
		for _, text := range Payload(r) {
			if !utf8.ValidString(text) || strings.Count(text, "\n") != strings.Count(text, "=") && !strings.Contains(system+serial+model, "=") {
				t.Errorf("%q", text)
			}
			if _, err := draw(text); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestGaps(t *testing.T) {
	smbios := report.Gap{Reason: "this machine has no SMBIOS", Sections: []string{"cpu", "memory", "psu"}}
	all := report.Gap{Reason: "this machine has no SMBIOS", Sections: []string{"board", "cpu", "memory", "pcie", "psu"}}
	bmc := report.Gap{Reason: "no BMC", Sections: []string{"psu"}}
	for want, of := range map[string][]report.Gap{
		"": nil,
		"this machine has no SMBIOS; no BMC: psu":             {all, bmc},
		"this machine has no SMBIOS: cpu memory psu":          {smbios},
		"this machine has no SMBIOS: cpu memory psu; +1 more": {smbios, smbios},
		"no BMC: psu; no BMC: psu; +1 more":                   {bmc, bmc, smbios},
	} {
		if got := gaps(of); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
