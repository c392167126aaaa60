package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bee/core/versions"
	"bee/engine/internal/override"
)

// repository returns the text of VERSIONS, and what puts files into a folder that stands for
// the top of one.
func repository(t *testing.T, root string) (pins string, put func(name, text string)) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", versions.File))
	if err != nil {
		t.Fatal(err)
	}
	return string(text), func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// What the block sets follows from the pins: they are read without it.
func TestPins(t *testing.T) {
	root := t.TempDir()
	if _, err := pins(root); err == nil || err.Error() != "VERSIONS not found: run this from the root of the repository" {
		t.Errorf("without the file: %v", err)
	}
	text, put := repository(t, root)
	put(versions.File, text)
	local, err := override.Edit("", override.Block{Lines: []override.Line{{Key: "BASE", Value: "debian"}, {Key: "KERNEL_VERSION", Value: "7.1"}}})
	if err != nil {
		t.Fatal(err)
	}
	put(versions.LocalFile, local+"KERNEL_VERSION=6.18\n")
	pinned, err := versions.Parse(text, "")
	if err != nil {
		t.Fatal(err)
	}
	v, err := pins(root)
	if err != nil || v.Base != pinned.Base || v.Kernel != "6.18" {
		t.Errorf("got %+v, %v", v, err)
	}
	put(versions.LocalFile, local+"KERNEL=6.18\n")
	if _, err := pins(root); err == nil || !strings.HasPrefix(err.Error(), "VERSIONS.local:7: KERNEL: unknown key") {
		t.Errorf("unknown key: %v", err)
	}
}

// A server that does not answer for a moment is in reach; one that says no is not asked
// again.
func TestReaches(t *testing.T) {
	var asked atomic.Int64
	for name, c := range map[string]struct {
		answers []int // of the server, one for each question; 0 cuts the line
		reached bool
		asked   int64
	}{
		"there":           {[]int{200}, true, 1},
		"wants a login":   {[]int{401}, true, 1},
		"not there":       {[]int{404}, false, 1},
		"cut once":        {[]int{0, 200}, true, 2},
		"busy, then cut":  {[]int{503, 0, 200}, true, 3},
		"too many":        {[]int{429, 200}, true, 2},
		"cut for longer":  {[]int{0, 0, 0, 200}, false, 3},
		"gone after that": {[]int{0, 404, 200}, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			asked.Store(0)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := c.answers[asked.Add(1)-1]
				if answer == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(answer)
			}))
			defer server.Close()
			// An answer that is cut is asked for again by the client itself on a line that
			// it kept; each question has a line of its own.
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			got := asker{client, time.Millisecond}.reaches(t.Context(), server.URL)
			if got != c.reached || asked.Load() != c.asked {
				t.Errorf("reached: %v, asked %d times; want %v, %d", got, asked.Load(), c.reached, c.asked)
			}
		})
	}
}

// What was found out holds for a day. Then, and when somebody asks for it, or the images
// are others, the site is asked again.
func TestSiteIsAskedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), versions.LocalFile)
	images := []override.Line{{Key: "DEBIAN_IMAGE", Value: "a", Why: "x"}}
	found := []override.Line{{Key: "DEBIAN_MIRROR", Value: "image", Why: "y"}}
	day := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		what   string
		at     time.Duration
		images []override.Line
		found  []override.Line
		now    bool
		asks   bool
		says   string
	}{
		{"a site that is new", 0, images, found, false, true, "DEBIAN_IMAGE, DEBIAN_MIRROR"},
		{"within a day", 24 * time.Hour, images, nil, false, false, ""},
		{"somebody asks", 23 * time.Hour, images, found, true, true, ""},
		{"a day later", 47*time.Hour + time.Second, images, nil, false, true, "DEBIAN_IMAGE; no longer DEBIAN_MIRROR"},
		{"other images", 48 * time.Hour, []override.Line{{Key: "DEBIAN_IMAGE", Value: "b", Why: "x"}}, nil, false, true, "DEBIAN_IMAGE"},
		{"a clock that was put back", 0, []override.Line{{Key: "DEBIAN_IMAGE", Value: "b", Why: "x"}}, nil, false, true, ""},
	} {
		asks := false
		said, err := keep(t.Context(), path, step.images, step.now, day.Add(step.at), func(context.Context) []override.Line {
			asks = true
			return step.found
		})
		if err != nil || asks != step.asks || strings.TrimPrefix(said, "wrote "+path+": ") != step.says {
			t.Errorf("%s: asks %v, says %q, %v; want %v, %q", step.what, asks, said, err, step.asks, step.says)
		}
	}
}

// Where VERSIONS has no digest of the engine's image, a site keeps to the one it got.
func TestEngineImage(t *testing.T) {
	root := t.TempDir()
	text, put := repository(t, root)
	v, err := versions.Parse(text, "")
	if err != nil {
		t.Fatal(err)
	}
	tagged, _, _ := strings.Cut(v.DaggerImage, "@")
	digest := "@sha256:" + strings.Repeat("ab", 32)
	check := func(what, pin, local, want, line string) {
		t.Helper()
		put(versions.File, strings.Replace(text, "\nDAGGER_IMAGE="+v.DaggerImage+"\n", "\nDAGGER_IMAGE="+pin+"\n", 1))
		put(versions.LocalFile, local)
		v, err := pins(root)
		if err != nil {
			t.Fatal(err)
		}
		image, err := engineImage(root, v)
		if err != nil || image != want {
			t.Errorf("%s: image %s, %v; want %s", what, image, err, want)
		}
		got := ""
		for _, l := range engineLines(v, image) {
			got += l.Value
		}
		if got != line {
			t.Errorf("%s: line %q, want %q", what, got, line)
		}
	}
	block := func(image string) string {
		text, err := override.Edit("", override.Block{Lines: []override.Line{{Key: "DAGGER_IMAGE", Value: image}}})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	pinned := tagged + digest
	check("a tag", tagged, "", tagged, "")
	check("a tag, seen before", tagged, block(pinned), pinned, pinned)
	check("pinned", pinned, "", pinned, "")
	check("pinned meanwhile", pinned, block(tagged+"@sha256:"+strings.Repeat("cd", 32)), pinned, "")
	check("pinned by the user", tagged, "DAGGER_IMAGE="+pinned+"\n", pinned, "")
}
