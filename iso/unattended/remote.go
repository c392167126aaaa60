package unattended

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"bee/core/config/document"
)

// remote is a document on a server, which is known by its digest, or the server by its key.
//
//	https://server.example/bee.yaml#sha256=HEX
//	https://server.example/bee.yaml#pin=sha256:BASE64
//
// The second is the SHA-256 of the server's public key (SubjectPublicKeyInfo), as curl's
// --pinnedpubkey and RFC 7469 have it.
type remote struct {
	url    string // without what is behind #
	digest []byte
	pin    []byte
}

// refused is an error that stays, however often it is tried.
type refused struct{ error }

// isRemote tells whether a word names a server, and not a partition.
func isRemote(word string) bool { return strings.Contains(word, "://") }

// withoutQuery is a URL as it may be told: what is behind ? may be a secret.
func withoutQuery(word string) string {
	before, _, found := strings.Cut(word, "?")
	if found {
		before += "?…"
	}
	return before
}

func parseRemote(word string) (remote, error) {
	const way = "; the URL has to be as https://server.example/bee.yaml#sha256=HEX, with the digest of the document, or …#pin=sha256:BASE64, with that of the server's public key"
	refuse := func(why string) (remote, error) {
		return remote{}, refused{fmt.Errorf("%s%s: refused: %s%s", option, withoutQuery(word), why, way)}
	}
	u, err := url.Parse(word)
	switch {
	case err != nil || u.Host == "":
		return remote{}, refused{errors.New(option + " on the kernel's command line: refused: it is no URL" + way)}
	case u.User != nil:
		return remote{}, refused{errors.New(option + " on the kernel's command line: refused: it has a name or a password in it, which everybody on the machine could read" + way)}
	case u.Scheme != "https":
		return refuse("anybody on the way could change what does not come by https")
	}
	r := remote{}
	kind, value, _ := strings.Cut(u.Fragment, "=")
	switch kind {
	case "sha256":
		r.digest, err = hex.DecodeString(value)
	case "pin":
		text, ok := strings.CutPrefix(value, "sha256:")
		if !ok {
			return refuse("the pin is none")
		}
		r.pin, err = base64.StdEncoding.DecodeString(text)
	default:
		return refuse("neither the document nor the server can be known")
	}
	if err != nil || len(r.digest)+len(r.pin) != sha256.Size {
		return refuse("what is behind # is no SHA-256")
	}
	u.Fragment = ""
	r.url = u.String()
	return r, nil
}

// fetch fetches the document once. No other server is asked, wherever this one leads to.
func (r remote) fetch(ctx context.Context) (*source, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return nil, refused{err}
	}
	client := http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, // it is known in another way: by the pin here, or the digest below
			VerifyConnection:   r.verify,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	answer, err := client.Do(request)
	if err != nil {
		var never refused
		if errors.As(err, &never) {
			return nil, never
		}
		return nil, fmt.Errorf("%s: %w", withoutQuery(r.url), errors.Unwrap(err)) // without the URL again
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: the server says %s", withoutQuery(r.url), answer.Status)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, document.Max+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", withoutQuery(r.url), err)
	}
	if digest := sha256.Sum256(text); r.digest != nil && subtle.ConstantTimeCompare(digest[:], r.digest) != 1 {
		return nil, refused{fmt.Errorf("%s: refused: its SHA-256 is %x, not that of the kernel's command line", withoutQuery(r.url), digest)}
	}
	return &source{name: withoutQuery(r.url), text: text}, nil
}

// verify looks whether the server has the key that is pinned: the handshake has shown that it does.
func (r remote) verify(c tls.ConnectionState) error {
	if r.pin == nil {
		return nil
	}
	var key []byte
	if len(c.PeerCertificates) > 0 {
		key = c.PeerCertificates[0].RawSubjectPublicKeyInfo
	}
	if sum := sha256.Sum256(key); subtle.ConstantTimeCompare(sum[:], r.pin) != 1 {
		return refused{fmt.Errorf("%s: refused: the key of the server is sha256:%s, not the one of the kernel's command line",
			withoutQuery(r.url), base64.StdEncoding.EncodeToString(sum[:]))}
	}
	return nil
}
