package upload

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bee/core/config"
)

// certificate is of a server at 127.0.0.1, by nobody but itself, for some time from a day on.
func certificate(t *testing.T, from time.Time, days int) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "server"}, NotBefore: from, NotAfter: from.AddDate(0, 0, days),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// serve starts a server that answers so.
func serve(t *testing.T, certificate tls.Certificate, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewUnstartedServer(answer)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of those who refuse it
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

const text = "what the audit found\n"

func put(t *testing.T, c config.Results, content string) error {
	t.Helper()
	server, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return server.Put(t.Context(), "A1-20260102T030405Z/bee-audit.json", int64(len(content)), strings.NewReader(content))
}

func TestPut(t *testing.T) {
	own, pinned := certificate(t, time.Now().Add(-time.Hour), 1)
	for _, c := range []struct{ method, want, token, content string }{
		{"", http.MethodPut, "", text},
		{http.MethodPost, http.MethodPost, "s3cret", text},
		{http.MethodPut, http.MethodPut, "s3cret", ""},
	} {
		var got *http.Request
		var body bytes.Buffer
		url := serve(t, own, func(_ http.ResponseWriter, r *http.Request) {
			got = r
			io.Copy(&body, r.Body)
		})
		err := put(t, config.Results{URL: url + "/in/", Method: c.method, Token: c.token, Certificate: pinned}, c.content)
		if err != nil {
			t.Fatal(err)
		}
		authorization := ""
		if c.token != "" {
			authorization = "Bearer " + c.token
		}
		if got.Method != c.want || got.URL.Path != "/in/A1-20260102T030405Z/bee-audit.json" || got.Header.Get("Authorization") != authorization ||
			got.Header.Get("Content-Type") != "application/json" || got.ContentLength != int64(len(c.content)) || body.String() != c.content {
			t.Errorf("got %s %s, %v, %d bytes: %q", got.Method, got.URL, got.Header, got.ContentLength, body.String())
		}
	}
}

func TestCertificate(t *testing.T) {
	good, goodPEM := certificate(t, time.Now().Add(-time.Hour), 1)
	_, otherPEM := certificate(t, time.Now().Add(-time.Hour), 1)
	expired, expiredPEM := certificate(t, time.Now().AddDate(0, 0, -3), 1)
	future, futurePEM := certificate(t, time.Now().AddDate(3, 0, 0), 1)
	for name, c := range map[string]struct {
		server tls.Certificate
		pinned string
		says   string
	}{
		"pinned":                {good, goodPEM, ""},
		"one of two":            {good, otherPEM + "and\n" + goodPEM, ""},
		"another one":           {good, otherPEM, "Put the right one, or that of its authority, into results.certificate"},
		"no authority's":        {good, "", "Put the right one, or that of its authority, into results.certificate"},
		"expired":               {expired, expiredPEM, "If this machine's clock is wrong, set it"},
		"of a clock far behind": {future, futurePEM, ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := false
			url := serve(t, c.server, func(http.ResponseWriter, *http.Request) { asked = true })
			err := put(t, config.Results{URL: url, Token: "s3cret", Certificate: c.pinned}, text)
			var refused Refused
			if c.says == "" && err != nil || c.says != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), "the server's certificate is refused: x509: ") || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v", err)
			}
			if asked != (c.says == "") {
				t.Errorf("asked is %v", asked)
			}
		})
	}
}

func TestAnotherHost(t *testing.T) {
	own, pinned := certificate(t, time.Now().Add(-time.Hour), 1)
	url := serve(t, own, func(http.ResponseWriter, *http.Request) { t.Error("it is asked") })
	err := put(t, config.Results{URL: strings.Replace(url, "127.0.0.1", "localhost", 1), Certificate: pinned}, text)
	if err == nil || !strings.Contains(err.Error(), "certificate is not valid for any names") {
		t.Errorf("got %v", err)
	}
}

func TestAnswers(t *testing.T) {
	own, pinned := certificate(t, time.Now().Add(-time.Hour), 1)
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		refused bool
		says    string
	}{
		"an error of the server's": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "disk full\nand more", http.StatusInternalServerError)
		}, false,
			"the server answers 500 Internal Server Error to PUT of bee-audit.json: disk full"},
		"busy": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, false, "429"},
		"a wrong token": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "who\x1b[2J are you", http.StatusUnauthorized)
		}, true, `who\x1b[2J are you`},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example/", http.StatusPermanentRedirect)
		}, true,
			"it wants another address, https://other.example/, which has to stand in results.url"},
		"a cut in the middle": {func(w http.ResponseWriter, r *http.Request) {
			io.CopyN(io.Discard, r.Body, 5)
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			connection.Close()
		}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := put(t, config.Results{URL: serve(t, own, c.answer), Certificate: pinned}, strings.Repeat(text, 1<<16))
			var refused Refused
			if err == nil || errors.As(err, &refused) != c.refused || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	_, pinned := certificate(t, time.Now().Add(-time.Hour), 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "https://" + listener.Addr().String()
	listener.Close()
	var refused Refused
	if err := put(t, config.Results{URL: url, Certificate: pinned}, text); err == nil || errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}

func TestNew(t *testing.T) {
	for _, url := range []string{"", "http://192.0.2.1/", "https://user:password@192.0.2.1/", "https://192.0.2.1/?token=x", "https:///x", "https://[", "ftp://192.0.2.1"} {
		if _, err := New(config.Results{URL: url}); err == nil || !strings.HasPrefix(err.Error(), "results.url: it has to be as https://") {
			t.Errorf("%q: got %v", url, err)
		}
	}
	for want, c := range map[string]config.Results{
		"results.method is \"GET\"":                            {URL: "https://192.0.2.1/", Method: "GET"},
		"results.certificate: it has no certificate":           {URL: "https://192.0.2.1/", Certificate: "AAAA"},
		"results.certificate: no certificate that can be read": {URL: "https://192.0.2.1/", Certificate: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %s", c, err, want)
		}
	}
}
