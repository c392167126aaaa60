package userinfo

import (
	"net/url"
	"slices"
	"testing"
)

func TestRemove(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"off":                                  "off",
		"https://proxy.golang.org,direct":      "https://proxy.golang.org,direct",
		"https://me:s3cr3t@proxy.example/a@b":  "https://proxy.example/a@b",
		"https://t0ken@proxy.example":          "https://proxy.example",
		"http://a:b@c@d.example:80|http://e@f": "http://d.example:80|http://f",
		"sum.golang.org+0+A= https://u:p@sums.example": "sum.golang.org+0+A= https://sums.example",
		"go: Get \"https://u:p@h/x\": no":              "go: Get \"https://h/x\": no",
		"a@b.example":                                  "a@b.example",
	} {
		if got := Remove(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestTokens(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                   nil,
		"https://proxy.golang.org,direct":    nil,
		"https://@proxy.example":             nil,
		"https://me:s3cr3t@proxy.example":    nil,
		"https://t0ken@a.example|http://u@b": {"https://t0ken@", "http://u@"},
	} {
		if got := Tokens(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// FuzzRemove: of a URL that has one, no name or password is left, and nothing else goes.
func FuzzRemove(f *testing.F) {
	f.Add("me", "s3cr3t", "proxy.example", "/a@b?c=d@e")
	f.Add("a:b@c", "@", "h:1", "")
	f.Add("0", ",|", "0", "0")
	f.Fuzz(func(t *testing.T, name, password, host, path string) {
		plain := url.URL{Scheme: "https", Host: host, Path: "/" + path}
		text := plain.String()
		if parsed, err := url.Parse(text); err != nil || parsed.User != nil || Remove(text) != text {
			return // no host, but something with a name in it
		}
		plain.User = url.UserPassword(name, password)
		if got := Remove(plain.String()); got != text {
			t.Errorf("%q: got %q, want %q", plain.String(), got, text)
		}
	})
}
