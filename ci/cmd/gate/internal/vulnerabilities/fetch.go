package vulnerabilities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
)

// maxDownload is how many bytes a database may have; OSV's largest archive has 300 million.
const maxDownload = 2 << 30

// remote is a URL, with the digest that what it leads to has to have, where there is one.
var remote = regexp.MustCompile(`^(https://.+?)(?:@sha256:([0-9a-f]{64}))?$`)

// Fetch returns where a database is: itself where it is a file. One of a URL, https://… or
// https://…@sha256:…, is put into a folder by a client.
func Fetch(ctx context.Context, client *http.Client, database, folder string) (string, error) {
	if !strings.Contains(database, "://") {
		_, err := os.Stat(database)
		return database, err
	}
	parts := remote.FindStringSubmatch(database)
	if parts == nil {
		return "", fmt.Errorf("%s: a URL has to be https://…, or https://…@sha256:…, with the digest of what it leads to", database)
	}
	url, wanted := parts[1], parts[2]
	file, err := os.CreateTemp(folder, "database-")
	if err != nil {
		return "", err
	}
	sum, err := download(ctx, client, url, file)
	if err := errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	if wanted != "" && sum != wanted {
		return "", fmt.Errorf("%s has the SHA-256 %s, but %s was given", url, sum, wanted)
	}
	return file.Name(), nil
}

// download writes what a URL leads to, and returns its digest.
func download(ctx context.Context, client *http.Client, url string, to io.Writer) (sum string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", url, response.Status)
	}
	hash := sha256.New()
	switch size, err := io.Copy(io.MultiWriter(to, hash), io.LimitReader(response.Body, maxDownload+1)); {
	case err != nil:
		return "", fmt.Errorf("%s: %w", url, err)
	case size > maxDownload:
		return "", fmt.Errorf("%s has more than %d MiB", url, maxDownload>>20)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
