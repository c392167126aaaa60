// Package config is the document, bee.yaml, that says what a machine does that nobody stands before.
//
//	network: ["eth0,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53"]
//	ssh:
//	  authorized_keys: [ssh-ed25519 AAAA… operator@example]
//	baseline: order.yaml
//	burn: {time: 30m}
//	results: {url: https://server.example/bee, token: "…"}
//	then: poweroff
//	time_zone: Europe/Berlin
//
// Everything may be left out. Package document reads it.
package config

// File is where a live system has what it understood of the document.
const File = "/run/bee/config.yaml"

// Config is what the document says.
type Config struct {
	// Network has links, as bee.network= on the kernel's command line says them; that one wins.
	Network []string `json:"network,omitempty"`
	// SSH lets people in.
	SSH SSH `json:"ssh,omitzero"`
	// Baseline is what "audit check" checks the machine against: the text of one, or the name of a
	// file beside the document that ends in .yaml, .yml or .json.
	Baseline string `json:"baseline,omitempty"`
	// Burn is the burn-in of GPUs; where it is left out there is none.
	Burn *Burn `json:"burn,omitempty"`
	// Results says where results go.
	Results *Results `json:"results,omitempty"`
	// Then is what the machine does at the end: shell, where it is left out, reboot or poweroff.
	Then string `json:"then,omitempty" jsonschema:"enum=shell,enum=reboot,enum=poweroff"`
	// TimeZone is that of times which persons see on the machine, by its name: Europe/Berlin. Those
	// in reports, and in the names of results, are UTC.
	TimeZone string `json:"time_zone,omitempty"`
}

// SSH is who is let in as root and as bee. With keys there are no passwords.
type SSH struct {
	// AuthorizedKeys are public keys, each as a line of authorized_keys has it.
	AuthorizedKeys []string `json:"authorized_keys,omitempty"`
	// PasswordHash is that of a password, as mkpasswd --method=sha512crypt --rounds=300000 makes it.
	PasswordHash string `json:"password_hash,omitempty"`
}

// Burn is a burn-in, see "bee-burn --help".
type Burn struct {
	// Time is how long it takes: 30m, 8h; ten minutes where it is left out.
	Time string `json:"time,omitempty"`
	// GPUs are those to burn in, by index, UUID or PCI address; all where it is left out.
	GPUs []string `json:"gpus,omitempty"`
	// Quick goes through the patterns of the memory test once, not four times.
	Quick bool `json:"quick,omitempty"`
}
