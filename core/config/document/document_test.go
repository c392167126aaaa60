package document

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"bee/core/config"
)

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHs9vW0Y4mB4xGXhB5yYz2cWn8mFZ0Gx2Y0k3m1P2Q7r operator@example"

var hash = "$6$rounds=300000$saltsalt$" + strings.Repeat("a", 86)

var full = `# three hundred of them
network:
  - eth0,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53
  - eth1+eth2.117,mode=802.3ad
ssh:
  authorized_keys: ["` + key + `"]
  password_hash: ` + hash + `
baseline: |
  memory: {total: 1 TiB}
burn: {time: 30m, gpus: [0, "0000:65:00.0"], quick: true}
results: {partition: LABEL=RESULTS, url: "https://server.example/bee", method: POST, token: abc.def}
then: poweroff
time_zone: Europe/Berlin
`

func TestParse(t *testing.T) {
	got, errs := Parse("bee.yaml", []byte(full))
	want := config.Config{
		Network:  []string{"eth0,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53", "eth1+eth2.117,mode=802.3ad"},
		SSH:      config.SSH{AuthorizedKeys: []string{key}, PasswordHash: hash},
		Baseline: "memory: {total: 1 TiB}\n",
		Burn:     &config.Burn{Time: "30m", GPUs: []string{"0", "0000:65:00.0"}, Quick: true},
		Results:  &config.Results{Partition: "LABEL=RESULTS", URL: "https://server.example/bee", Method: "POST", Token: "abc.def"},
		Then:     "poweroff", TimeZone: "Europe/Berlin",
	}
	if errs != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %+v\nwant %+v", errs, got, want)
	}
	// what is understood is written as JSON, and read again
	text, err := json.Marshal(got)
	if again, errs := Parse("config.yaml", text); err != nil || errs != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("again: %v, %v, %+v", err, errs, again)
	}
}

// Each error names file and line, and what is right is understood all the same.
func TestWrong(t *testing.T) {
	for text, wants := range map[string][]string{
		"":                           {"bee.yaml: it says nothing; it may have: network, ssh, baseline, burn, results, then, time_zone"},
		"then: reboot\n burn: x":     {"bee.yaml:2: no YAML"},
		"then: reboot\n---\nthen: x": {"bee.yaml:2: a second document begins here"},
		"- a":                        {"bee.yaml:1: want some of: network"},
		"then: shell\nthan: shell":   {"bee.yaml:2: than: no such key; there are: network, ssh"},
		"then: shell\nthen: reboot":  {"bee.yaml:2: then: is there twice"},
		"then: halt":                 {`bee.yaml:1: then: "halt" is none of shell, reboot, poweroff`},
		"then: [shell]":              {"bee.yaml:1: then: want one text"},
		"then: ''":                   {"bee.yaml:1: then: is empty"},
		"burn:":                      {"bee.yaml:1: burn: is empty: leave it out"},
		"then: &a shell\ntime_zone: *a\nburn: yes": {"bee.yaml:2: time_zone: aliases", "bee.yaml:3: burn: want some of: time, gpus, quick"},
		"time_zone: Europe/Berlni":                 {`bee.yaml:1: time_zone: "Europe/Berlni" is no time zone`},
		"time_zone: ../../etc/passwd":              {"is no time zone"},
		"time_zone: Local":                         {"is no time zone"},
		"burn: {time: 30}":                         {`bee.yaml:1: burn.time: "30" is not a number of whole seconds`},
		"burn: {time: 0s}":                         {"burn.time"},
		"burn: {time: 1500ms}":                     {"burn.time"},
		"burn: {quick: 'yes'}":                     {"bee.yaml:1: burn.quick: want true or false"},
		"burn: {gpus: 0}":                          {"bee.yaml:1: burn.gpus: want a list"},
		"burn: {gpus: [--help, [0]]}":              {"burn.gpus[1]: want one text", `burn.gpus: "--help" is no index`},
		"network:\n- eth0\n- eth1,dhcq\n- eth0+eth2": {`bee.yaml:3: network: eth1,dhcq is left out: "dhcq" is neither`,
			"bee.yaml:4: network: eth0+eth2 is left out: eth0 is in eth0 already"},
		"ssh: {authorized_keys: [x]}":                                     {"bee.yaml:1: ssh.authorized_keys: not a public SSH key"},
		"ssh: {authorized_keys: ['-----BEGIN OPENSSH PRIVATE KEY-----']}": {"this is a private key"},
		"ssh: {authorized_keys: [\"x\\n" + key + "\"]}":                   {"a key is one line"},
		"ssh: {password_hash: secret}":                                    {"bee.yaml:1: ssh.password_hash: password hash: not one of SHA-512"},
		"ssh: {password: secret}":                                         {"bee.yaml:1: ssh.password: no such key; there are: authorized_keys, password_hash"},
		"baseline: order.txt":                                             {"bee.yaml:1: baseline: \"order.txt\" is neither a baseline nor a file beside"},
		"baseline: ../order.yaml":                                         {"is neither a baseline nor a file beside"},
		"baseline: {memory: {total: 1 TiB}}":                              {"bee.yaml:1: baseline: want one text"},
		"results: {url: 'http://server.example/'}":                        {"bee.yaml:1: results.url: it has to be as https://"},
		"results: {url: 'https://me:secret@server.example/'}":             {"results.url: it has to be as https://"},
		"results: {method: DELETE}":                                       {"results.method: \"DELETE\" is none of PUT, POST"},
		"results: {token: \"a\\r\\nHost: b\"}":                            {"results.token: a token has no blanks"},
		"results: {certificate: x}":                                       {"results.certificate: it has no certificate in PEM"},
		"results: {partition: /dev/sda1}":                                 {"results.partition: \"/dev/sda1\" names no partition"},
		"then: shell\n# " + strings.Repeat("x", Max):                      {"bee.yaml: it is larger than 1024 KiB"},
	} {
		_, errs := Parse("bee.yaml", []byte(text))
		if len(errs) != len(wants) {
			t.Errorf("%.80q: %v, want %q", text, errs, wants)
			continue
		}
		for i, want := range wants {
			if got := errs[i].Error(); !strings.HasPrefix(got, "bee.yaml:") || !strings.Contains(got, want) {
				t.Errorf("%.80q: %q, want %q", text, got, want)
			}
		}
	}
}

func TestUnderstood(t *testing.T) {
	for text, want := range map[string]config.Config{
		"then: reboot\ntime: x": {Then: "reboot"},
		"network: [eth0, 'eth1,x']\nssh: {authorized_keys: [x, '" + key + "'], passwort: y}": {
			Network: []string{"eth0"}, SSH: config.SSH{AuthorizedKeys: []string{key}}},
		// as a whole, or not at all
		"burn: {time: 1h, gpus: [0, '']}\nthen: poweroff":                 {Then: "poweroff"},
		"results: {url: 'https://server.example', certificat: x}":         {},
		"burn: {}\nresults: {method: PUT, url: 'https://server.example'}": {Burn: &config.Burn{}, Results: &config.Results{Method: "PUT", URL: "https://server.example"}},
	} {
		if got, _ := Parse("bee.yaml", []byte(text)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%s\nwant %s", text, show(got), show(want))
		}
	}
}

func show(c config.Config) string {
	text, err := json.Marshal(c)
	return fmt.Sprint(string(text), err)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("then: shell\n---\nthen: shell"))
	f.Add([]byte("a: &a [*a]\nburn: {time: }\nnetwork: [{}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, errs := Parse("bee.yaml", text)
		for _, err := range errs {
			if !strings.HasPrefix(err.Error(), "bee.yaml:") {
				t.Errorf("an error that names no file: %v", err)
			}
		}
		// What was understood has nothing in it that is wrong.
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if string(again) == "{}" {
			return
		}
		if _, errs := Parse("config.yaml", again); errs != nil {
			t.Errorf("%s: %v", again, errs)
		}
	})
}
