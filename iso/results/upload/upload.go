// Package upload puts files below an https URL.
package upload

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"bee/core/config"
	"bee/core/printable"
)

// Server is where files are put.
type Server struct {
	url    *url.URL
	method string
	token  string
	client http.Client
}

// New is the server that a configuration names.
func New(c config.Results) (*Server, error) {
	u, err := c.Server()
	if err != nil {
		return nil, fmt.Errorf("results.url: %w", err)
	}
	method := cmp.Or(c.Method, http.MethodPut)
	if method != http.MethodPut && method != http.MethodPost {
		return nil, fmt.Errorf("results.method is %q: it has to be PUT or POST", c.Method)
	}
	trust, err := trust(c)
	if err != nil {
		return nil, err
	}
	return &Server{u, method, c.Token, http.Client{
		Transport: &http.Transport{TLSClientConfig: trust, TLSHandshakeTimeout: 30 * time.Second},
		// the token is for this server alone
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// String is its URL.
func (s *Server) String() string { return s.url.String() }

// trust is how the server is known: by the certificates that are named, or by the authorities of
// this system.
func trust(c config.Results) (*tls.Config, error) {
	certificates, err := c.Certificates()
	if err != nil {
		return nil, fmt.Errorf("results.certificate: %w", err)
	}
	if certificates == nil {
		return &tls.Config{}, nil
	}
	pool := x509.NewCertPool()
	var issued time.Time
	for _, certificate := range certificates {
		pool.AddCert(certificate)
		if certificate.NotBefore.After(issued) {
			issued = certificate.NotBefore
		}
	}
	// A machine may wake up years ago. It cannot be earlier than when what it was told was made.
	now := func() time.Time {
		if now := time.Now(); now.After(issued) {
			return now
		}
		return issued
	}
	return &tls.Config{RootCAs: pool, Time: now}, nil
}

// Refused is an error that stays, however often it is tried: the server is not the one that it has
// to be, or does not take the file.
type Refused struct{ error }

// How long a file may take: what a server that is busy needs, and what a slow line does.
const (
	patience = 2 * time.Minute
	slowest  = 16 << 10 // bytes in a second
)

// Put puts a file at a path below the URL.
func (s *Server) Put(ctx context.Context, name string, size int64, content io.Reader) error {
	ctx, cancel := context.WithTimeout(ctx, patience+time.Duration(size/slowest)*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, s.method, s.url.JoinPath(name).String(), io.LimitReader(content, size))
	if err != nil {
		return err
	}
	request.ContentLength = size
	if size == 0 {
		request.Body = http.NoBody // else the length is unknown
	}
	request.Header.Set("Content-Type", cmp.Or(mime.TypeByExtension(path.Ext(name)), "application/octet-stream"))
	request.Header.Set("User-Agent", "bee-results")
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return s.failure(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 == 2 {
		return nil
	}
	said, _ := io.ReadAll(io.LimitReader(response.Body, 512))
	line, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	err = fmt.Errorf("the server answers %s to %s of %s: %s", printable.Escape([]byte(response.Status)), s.method, path.Base(name), printable.Escape([]byte(line)))
	switch code := response.StatusCode; {
	case code/100 == 3:
		return Refused{fmt.Errorf("%w: it wants another address, %s, which has to stand in results.url", err, printable.Escape([]byte(response.Header.Get("Location"))))}
	case code/100 == 4 && code != http.StatusRequestTimeout && code != http.StatusTooEarly && code != http.StatusTooManyRequests:
		return Refused{err}
	}
	return err
}

// failure is an error of a request that got no answer.
func (s *Server) failure(err error) error {
	var at *url.Error
	if errors.As(err, &at) { // it has the whole URL
		err = at.Err
	}
	var bad *tls.CertificateVerificationError
	if !errors.As(err, &bad) {
		return err
	}
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return Refused{fmt.Errorf("the server's certificate is refused: %w. If this machine's clock is wrong, set it: date -u -s 2026-01-02T03:04:05", bad.Err)}
	}
	return Refused{fmt.Errorf("the server's certificate is refused: %w. Put the right one, or that of its authority, into results.certificate", bad.Err)}
}
