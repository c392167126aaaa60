package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"bee/core/versions"
	"bee/engine/internal/build"
	"bee/engine/internal/override"
	"bee/engine/internal/progress"
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

// engineImage is the image that container runtimes run: that of the pins, or where these
// have no digest, the one that the block keeps to.
func engineImage(root string, v *versions.Versions) (string, error) {
	withBlock, err := versions.Load(root)
	if err != nil {
		return "", err
	}
	if held := withBlock.DaggerImage; strings.HasPrefix(held, v.DaggerImage+"@") {
		return held, nil
	}
	return v.DaggerImage, nil
}

// engineLines keep to the digest of an image that the pins name without one.
func engineLines(v *versions.Versions, image string) []override.Line {
	if image == v.DaggerImage {
		return nil
	}
	return []override.Line{{Key: "DAGGER_IMAGE", Value: image,
		Why: "VERSIONS has no digest of it: this is what the registry gave here at first; put it there and commit it, to release"}}
}

// asker asks servers whether they are in reach.
type asker struct {
	client *http.Client
	pause  time.Duration // before a server that did not answer is asked again
}

var site = asker{http.DefaultClient, 5 * time.Second}

// lines are the overrides for what this site does not reach.
func (a asker) lines(ctx context.Context, v *versions.Versions) []override.Line {
	var snapshot, hub, archives bool
	var asked sync.WaitGroup
	asked.Go(func() {
		snapshot = v.DebianMirror != "snapshot" ||
			a.reaches(ctx, "http://snapshot.debian.org/archive/debian/"+v.DebianSnapshot+"/dists/"+v.DebianRelease+"/InRelease")
	})
	asked.Go(func() {
		// The Alpine base starts from an image of Docker Hub.
		hub = v.Base != "alpine" || a.reaches(ctx, "https://registry-1.docker.io/v2/")
	})
	asked.Go(func() {
		// An archive that NVIDIA has beside others.
		archives = v.FabricManagerOrigin == "none" ||
			a.reaches(ctx, "https://developer.download.nvidia.com/compute/nvidia-driver/redist/nvlsm/linux-x86_64/nvlsm-linux-x86_64-"+v.NVLSM+"-archive.tar.xz")
	})
	asked.Wait()
	var lines []override.Line
	if !snapshot {
		lines = append(lines, override.Line{Key: "DEBIAN_MIRROR", Value: "image", Why: "snapshot.debian.org does not have " + v.DebianSnapshot + " or is out of reach: today's packages of the image's own mirror"})
	}
	if !hub {
		lines = append(lines, override.Line{Key: "BASE", Value: "debian", Why: "Docker Hub, where the Alpine base starts, is out of reach"})
	}
	if !archives {
		lines = append(lines, override.Line{Key: "FABRIC_MANAGER_ORIGIN", Value: "none", Why: "NVIDIA's archives are out of reach: an ISO without what sets up NVSwitches, unless it is given with --fabric-manager"})
	}
	return lines
}

// reaches tells whether a server gives anything at url. One that does not answer is asked
// three times: whoever can cut a line for a moment must not decide what is built.
func (a asker) reaches(ctx context.Context, url string) bool {
	const tries = 3
	for try := 1; ; try++ {
		reached, err := a.ask(ctx, url)
		if err == nil || try == tries || ctx.Err() != nil {
			return reached
		}
		progress.Printf("%v: asking again", err)
		select {
		case <-ctx.Done():
		case <-time.After(a.pause):
		}
	}
}

// ask asks once, for seconds. A registry that wants a login is reached. An error is no
// answer.
func (a asker) ask(ctx context.Context, url string) (reached bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return false, err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return false, err
	}
	response.Body.Close()
	switch code := response.StatusCode; {
	case code == http.StatusOK, code == http.StatusUnauthorized:
		return true, nil
	case code == http.StatusTooManyRequests, code >= 500:
		return false, fmt.Errorf("%s: %s", url, response.Status)
	}
	return false, nil
}

// keep makes the block of the file at path hold the lines for the images, and what ask finds
// out about the site. That is asked now where it must be, or the last answer is more than a
// day old. It returns what changed, for a person.
func keep(ctx context.Context, path string, images []override.Line, again bool, now time.Time, ask func(context.Context) []override.Line) (string, error) {
	held, err := override.Holds(path, images)
	if err != nil {
		return "", err
	}
	asked, err := override.Asked(path)
	if err != nil {
		return "", err
	}
	age := now.Sub(asked)
	if held && !again && 0 <= age && age <= 24*time.Hour {
		return "", nil
	}
	lines := append(images, ask(ctx)...)
	if ctx.Err() != nil { // what is not answered then is no answer
		return "", ctx.Err()
	}
	return override.Write(path, override.Block{Lines: lines, Asked: now})
}
