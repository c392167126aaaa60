package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"bee/core/versions"
	"bee/engine/internal/build"
	"bee/engine/internal/override"
	"bee/engine/internal/supervise"
)

// pins reads VERSIONS and, over it, what the user of VERSIONS.local sets. What the
// managed block there sets is a result of these.
func pins(root string) (*versions.Versions, error) {
	text, local, err := versions.ReadFiles(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s not found: run this from the root of the repository", versions.File)
	}
	if err != nil {
		return nil, err
	}
	return versions.ParseUser(text, local)
}

func debianImage(v *versions.Versions, engine build.Engine) string {
	return supervise.Registry + "/debian:" + v.DebianRelease + "@" + engine.Debian
}

func golangImage(v *versions.Versions, engine build.Engine) string {
	return supervise.Registry + "/golang:" + v.Go + "@" + engine.Golang
}

// imageLines are the overrides that go with the local engine everywhere.
func imageLines(v *versions.Versions, engine build.Engine) []override.Line {
	const why = "no container registry is in reach: made here from Debian packages"
	return []override.Line{
		{Key: "DEBIAN_IMAGE", Value: debianImage(v, engine), Why: why},
		{Key: "GOLANG_IMAGE", Value: golangImage(v, engine), Why: why + " and Go " + v.Go},
	}
}

// siteLines are the overrides for what this site does not reach.
func siteLines(ctx context.Context, v *versions.Versions) []override.Line {
	var lines []override.Line
	if v.DebianMirror == "snapshot" {
		archive := "http://snapshot.debian.org/archive/debian/" + v.DebianSnapshot + "/dists/" + v.DebianRelease + "/InRelease"
		if !reaches(ctx, archive) {
			lines = append(lines, override.Line{Key: "DEBIAN_MIRROR", Value: "image", Why: "snapshot.debian.org does not have " + v.DebianSnapshot + " or is out of reach: today's packages of the image's own mirror"})
		}
	}
	// The Alpine base starts from an image of Docker Hub.
	if v.Base == "alpine" && !reaches(ctx, "https://registry-1.docker.io/v2/") {
		lines = append(lines, override.Line{Key: "BASE", Value: "debian", Why: "Docker Hub, where the Alpine base starts, is out of reach"})
	}
	return lines
}

// reaches tells whether a server gives anything at url, within seconds. A
// registry that wants a login is reached.
func reaches(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK || response.StatusCode == http.StatusUnauthorized
}
