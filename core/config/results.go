package config

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
)

// Results says where the results of a machine go, besides to a removable partition labelled
// BEE-RESULTS, which gets them without being asked for.
type Results struct {
	// Partition of a disk of the machine itself, which gets the results too: LABEL=NAME,
	// UUID=NUMBER or PARTUUID=NUMBER. No such partition is touched that is not named here.
	Partition string `json:"partition,omitempty" jsonschema:"pattern=^(LABEL|UUID|PARTUUID)=."`
	// URL is an https one below which the results are put.
	URL string `json:"url,omitempty" jsonschema:"pattern=^https://"`
	// Method is PUT, or POST.
	Method string `json:"method,omitempty" jsonschema:"enum=PUT,enum=POST"`
	// Token goes with each request, as "Authorization: Bearer".
	Token string `json:"token,omitempty"`
	// Certificate, or several, in PEM, which the server of the URL has to be known by, in place
	// of the authorities that are on the ISO.
	Certificate string `json:"certificate,omitempty"`
}

// Server is the URL that results are put below.
func (r Results) Server() (*url.URL, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("it has to be as https://server.example/folder, and no more; a token is given by itself")
	}
	return u, nil
}

// Certificates are those that the server is known by, none where the authorities on the ISO count.
func (r Results) Certificates() (all []*x509.Certificate, err error) {
	if r.Certificate == "" {
		return nil, nil
	}
	for rest := []byte(r.Certificate); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("no certificate that can be read: %w", err)
		}
		all = append(all, certificate)
	}
	if len(all) == 0 {
		return nil, errors.New("it has no certificate in PEM, -----BEGIN CERTIFICATE-----")
	}
	return all, nil
}
