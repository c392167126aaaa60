package fleet

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// browse opens the page in a browser, which has to have run its script, and returns the names of
// the machines that it shows, in order, and what it says of how many these are. what is behind #
// in the page's address; script, where it is not empty, runs after the page's own.
func browse(t *testing.T, browser, what, script string) (names []string, count string) {
	t.Helper()
	dir := t.TempDir()
	var b strings.Builder
	if err := WritePage(&b, rack()); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if script != "" { // which the page's policy would not let run
		page = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`).ReplaceAllString(page, "")
		page = strings.Replace(page, "</body>", "<script>"+script+"</script></body>", 1)
	}
	file := filepath.Join(dir, "fleet.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	// Its sandbox is not for root, and not for containers; the page is the test's own.
	cmd := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--user-data-dir="+filepath.Join(dir, "browser"), "--dump-dom", "file://"+file+what)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", browser, err)
	}
	document, err := html.Parse(strings.NewReader(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	attribute := func(n *html.Node, key string) (string, bool) {
		i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
		if i < 0 {
			return "", false
		}
		return n.Attr[i].Val, true
	}
	for n := range document.Descendants() {
		id, _ := attribute(n, "id")
		_, hidden := attribute(n, "hidden")
		scope, _ := attribute(n, "scope")
		switch {
		case id == "tools" && hidden:
			t.Errorf("%s: the script did not run", what)
		case id == "count" && n.FirstChild != nil:
			count = n.FirstChild.Data
		case n.Data == "th" && scope == "row":
			_, hidden := attribute(n.Parent, "hidden")
			if _, file := attribute(n, "title"); file && !hidden {
				names = append(names, n.FirstChild.Data)
			}
		}
	}
	return names, count
}

// The page searches and sorts, in a real browser, and its policy lets it.
func TestInBrowser(t *testing.T) {
	var browser string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("there is no chromium")
	}
	const click = `const click = (name) => [...document.querySelectorAll("#machines th button")].find((b) => b.textContent === name).click();`
	for _, c := range []struct{ what, script, names, count string }{
		{"", "", "S-01 S-02 S-03 S-04 odd.json", ""},
		{"#4400%20mt%2Fs", "", "S-02", "1 of 5 machines"},
		{"#S-0%20H100", "", "S-01 S-02 S-04", "3 of 5 machines"},
		{"#%E0%A4", "", "", "0 of 5 machines"}, // no valid address
		{"", click + `click("Differs")`, "S-03 S-04 odd.json S-02 S-01", ""},
		{"", click + `click("Differs"); click("Differs")`, "S-01 S-02 odd.json S-04 S-03", ""},
		{"#S-0", click + `click("Name"); click("Name")`, "S-04 S-03 S-02 S-01", "4 of 5 machines"},
		{"", `const s = document.getElementById("search"); s.value = "EtH1"; s.dispatchEvent(new Event("input"))`, "S-03", "1 of 5 machines"},
	} {
		names, count := browse(t, browser, c.what, c.script)
		if got := strings.Join(names, " "); got != c.names || count != c.count {
			t.Errorf("%s %s: %s, %q; want %s, %q", c.what, c.script, got, count, c.names, c.count)
		}
	}
}
