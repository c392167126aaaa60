package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// host is the machine of the test, as QEMU's user network has it.
const host = "10.0.2.2"

// testUnattended boots, by what testMedia took out of the ISO, machines with a stick that says what
// to do and one for the results, beside a server for them, and touches no key: each has to check
// itself, to deliver, and to power itself off.
func testUnattended(t *testing.T, dir, iso, options string) {
	const token = "lapwing"
	for name, c := range map[string]struct {
		baseline string // in bee.yaml
		known    bool   // the server has the certificate that is in bee.yaml
		says     []string
		step     string // of the log
	}{
		"as ordered": {"order.yaml", true,
			nil, "baseline: the machine is what the baseline asks for"},
		"not as ordered and another server": {"'system: {manufacturer: ACME}'", false,
			[]string{"bee: unattended run: baseline: the machine is not what the baseline asks for", "bee: unattended run: deliver: not everything is delivered"},
			"baseline: the machine is not what the baseline asks for"},
	} {
		t.Run("unattended "+name, func(t *testing.T) {
			t.Parallel()
			media, delivered := t.TempDir(), t.TempDir()
			port, certificate := resultsServer(t, delivered, token)
			if !c.known {
				_, certificate = resultsServer(t, t.TempDir(), token)
			}
			document := fmt.Sprintf("baseline: %s\nresults:\n  url: https://%s:%d/bee\n  token: %s\n  certificate: |\n    %sthen: poweroff\n",
				c.baseline, host, port, token, strings.ReplaceAll(strings.TrimSpace(certificate), "\n", "\n    ")+"\n")
			for file, text := range map[string]string{"bee.yaml": document, "order.yaml": "system: {manufacturer: QEMU}\n"} {
				if err := os.WriteFile(filepath.Join(media, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			shell := func(dir, script string) {
				t.Helper()
				cmd := exec.Command("sh", "-ec", script)
				cmd.Dir = dir
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			}
			shell(media, `mformat -C -i config -T 32768 -v BEE-CONFIG ::
mcopy -i config bee.yaml order.yaml ::
mformat -C -i results -T 131072 -v BEE-RESULTS ::`)

			console := bootInitramfs(t, dir, options, []string{"-smbios", "type=1,manufacturer=QEMU,serial=E2E-1",
				"-drive", drive("iso", iso), "-device", "ide-cd,bus=ide.1,drive=iso",
				"-device", "qemu-xhci", "-drive", drive("config", filepath.Join(media, "config")), "-device", "usb-storage,drive=config",
				"-drive", "if=none,format=raw,id=results,file=" + filepath.Join(media, "results"), "-device", "usb-storage,drive=results",
				"-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="},
				func(string) bool { return false })
			for _, want := range append(c.says, "bee: unattended run: poweroff", "reboot: Power down") {
				if !strings.Contains(console, want) {
					t.Errorf("the console does not say %q", want)
				}
			}

			const whole = `cd E2E-1-*Z
sha256sum --quiet -c SHA256SUMS
for file in *; do test "$file" = SHA256SUMS || grep -q "  $file\$" SHA256SUMS; done
grep -q '"serial_number": "E2E-1"' bee-audit.json
grep -q '<html' bee-audit.html
`
			shell(media, `mkdir stick && mcopy -s -i results "::*" stick && cd stick
`+whole+fmt.Sprintf("grep -F %q bee-unattended.log", c.step))
			if c.known {
				shell(filepath.Join(delivered, "bee"), whole)
			} else if files, err := os.ReadDir(delivered); err != nil || len(files) > 0 {
				t.Errorf("a server that bee.yaml does not know got %v, %v", files, err)
			}
			if t.Failed() {
				t.Log(tail(console, 80))
			}
		})
	}
}

// resultsServer is one for results, which go into a folder. It returns its port, and its certificate
// in PEM.
func resultsServer(t *testing.T, folder, token string) (port int, certificate string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, IPAddresses: []net.IP{net.ParseIP(host)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut || r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("a request that is none for results: %s %s", r.Method, r.URL)
			http.Error(w, "refused", http.StatusForbidden)
			return
		}
		file := filepath.Join(folder, path.Clean("/"+r.URL.Path))
		content, err := io.ReadAll(r.Body)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(file), 0o755)
		}
		if err == nil {
			err = os.WriteFile(file, content, 0o600)
		}
		if err != nil {
			t.Error(err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // who does not know it goes away
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().(*net.TCPAddr).Port, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
