package credential

import (
	"strings"
	"testing"
)

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHs9vW0Y4mB4xGXhB5yYz2cWn8mFZ0Gx2Y0k3m1P2Q7r operator@example"

// dsaKey is of a kind that nobody takes any more.
const dsaKey = "ssh-dss AAAAB3NzaC1kc3MAAACBAN53HWmARy78LWIjgkc/bgqUXvEoLw8sJb1wo1+5UIot65aXOL3itd52FxCSXSasjezG4pz5OxnlG/Us8j+FkYy88wUZUe5Y4ZKvjSyfPycphsY+OEoP53XqVCIz66Q1tGA0jJGXascHhQW6BRwYQ27IWXLqG5AoswRnqqWyf79RAAAAFQDqokFub4Z8z+9LJzoiuNZSth8lEwAAAIEAuCFjx2g7//NeefDJQx/vKGfh+l+/orGADpoj0kGEVDwuV0Eu4n1lPqAvzVYRzzIU5hGAyU7l7E9jlyjdEpjtmi/vgOeYlDs5y/MrU/FI0WM4xQO+VL2uv4Cy4r+kvWvDYaZezCLdqJFtA1CcqQeeIGchoIAYrfDD2kTqjU73jFsAAACBANpqDmHmRsLaDfCCLyCHX4xk9DaZKMfFJtQjx7AUzQr1d1zuoRZQPEBp0RSLCpq8+YNfFK461cN/BaJGHLXaBnAKP6y/L9+TnJV9ISPqVaYoBtVEOyjokN/g2Nn0m0NzfbcD5ycNbM18T95f7KX4RXfxDXwzntDA/GwmpU/nsVYZ"

func TestCheckKeys(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"one key":     {key + "\n", ""},
		"commented":   {"# who\n\n" + key + "\n", ""},
		"options":     {`no-port-forwarding,NO-PTY,command="echo a, b" ` + key, ""},
		"quotes":      {`command="echo \"a, b\"",no-pty ` + key, `keys:1: the SSH server of the ISO does not take the option command="echo \"a, b\"",`},
		"no port":     {`permitopen="localhost" ` + key, `keys:1: the SSH server of the ISO does not take the option permitopen="localhost",`},
		"forwarding":  {`restrict,permitopen="localhost:80" ` + key, ""},
		"by address":  {`from="10.0.0.0/8" ` + key, `keys:1: the SSH server of the ISO does not take the option from="10.0.0.0/8", and would let nobody in`},
		"but a pty":   {key + "\nrestrict,pty " + key, "keys:2: the SSH server of the ISO does not take the option pty,"},
		"no user rc":  {"no-user-rc " + key, "keys:1: the SSH server of the ISO does not take the option no-user-rc,"},
		"environment": {`environment="A=b" ` + key, "keys:1: the SSH server of the ISO does not take the option environment="},
		"expires":     {`expiry-time="20270101" ` + key, "keys:1: the SSH server of the ISO does not take the option expiry-time="},
		"authority":   {"cert-authority " + key, "keys:1: the SSH server of the ISO does not take the option cert-authority,"},
		"principals":  {`no-pty,principals="a,b" ` + key, `keys:1: the SSH server of the ISO does not take the option principals="a,b",`},
		"misspelt":    {"no-ptyy " + key, "keys:1: the SSH server of the ISO does not take the option no-ptyy,"},
		"no value":    {"command " + key, "keys:1: the SSH server of the ISO does not take the option command,"},
		"too long":    {key + " " + strings.Repeat("x", 4200), "keys:1: "},
		"DSA":         {dsaKey, "keys:1: the SSH server of the ISO does not take a key of the kind ssh-dss"},
		"CRLF":        {key + "\r\n", ""},
		"empty":       {"", "keys: holds no public SSH key"},
		"only hash":   {"# nobody\n", "keys: holds no public SSH key"},
		"second bad":  {key + "\nssh-ed25519 AAAA!\n", "keys:2: not a public SSH key"},
		"private key": {"-----BEGIN OPENSSH PRIVATE KEY-----\n", "keys:1: this is a private key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := CheckKeys("keys", test.text)
			if test.want == "" && err != nil {
				t.Errorf("error is %v, want none", err)
			}
			if test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
				t.Errorf("error is %v, want %s…", err, test.want)
			}
		})
	}
}

func TestCheckHash(t *testing.T) {
	digits := strings.Repeat("aB./0", 18)[:86]
	sha := func(rounds string) string { return "$6$" + rounds + "saltsalt$" + digits }
	yescrypt := "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$" + digits[:43]
	for _, test := range []struct {
		hash     string
		yescrypt bool
		want     string
	}{
		{sha("rounds=300000$"), false, ""},
		{yescrypt, true, ""},
		{yescrypt, false, "does not know yescrypt"},
		{strings.Replace(yescrypt, "j9T", "jCT", 1), true, ""},
		{strings.Replace(yescrypt, "j9T", "j85", 1), true, "j85 is not one of the costs"},
		{strings.Replace(yescrypt, "j9T", "j8T", 1), true, "j8T is not one of the costs"},
		{strings.Replace(yescrypt, "j9T", "jFT", 1), true, "jFT is not one of the costs"},
		{strings.Replace(yescrypt, "j9T", "j9T.0", 1), true, "j9T.0 is not one of the costs"},
		{strings.Replace(yescrypt, "j9T", ".7.", 1), true, "not one of"},
		{sha(""), true, "it has 5000 rounds, less than 100000; mkpasswd"},
		{sha("rounds=99999$"), true, "it has 99999 rounds, less than 100000; mkpasswd"},
		{sha("rounds=9999999$"), false, ""},
		{sha("rounds=10000000$"), true, "it has 10000000 rounds, more than 9999999; mkpasswd"},
		{sha("rounds=1000000000$"), true, "not one of"},
		{sha("rounds=300000$")[1:], true, "not one of"},
		{sha("rounds=300000$") + "\n", true, "not one of"},
		{sha("rounds=300000$") + ":0:0:", true, "not one of"},
		{"$1$salt$abc", true, "not one of"},
		{"seven grey herons", true, "not one of"},
		{"", true, "not one of"},
	} {
		err := CheckHash(test.hash, test.yescrypt)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%q: %v, want %q", test.hash, err, test.want)
		}
	}
}
