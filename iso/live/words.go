package main

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// words are what a kernel's command line says to this program; of several with the same name
// the last one counts.
type words struct {
	id    string
	check bool
	toram bool
	fetch string // a URL without a slash at its end, or nothing
}

var idPattern = regexp.MustCompile(`^[0-9A-Za-z-]+$`)

func parseWords(command string) (w words, err error) {
	for _, word := range strings.Fields(command) {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "bee.id":
			w.id = value
		case "bee.check":
			w.check = true
		case "bee.toram":
			w.toram = true
		case "bee.fetch":
			if u, err := url.Parse(value); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
				return words{}, fmt.Errorf("%s on the kernel's command line is no URL such as http://192.0.2.1/bee", word)
			}
			w.fetch = strings.TrimRight(value, "/")
		}
	}
	if w.fetch == "" && !idPattern.MatchString(w.id) {
		return words{}, errors.New("the kernel's command line has no bee.id=")
	}
	return w, nil
}
