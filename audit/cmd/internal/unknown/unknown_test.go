package unknown

import (
	"testing"

	"github.com/spf13/cobra"
)

func TestCommand(t *testing.T) {
	root := &cobra.Command{Use: "audit"}
	for _, name := range []string{"show", "schema", "run", "report"} {
		root.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	for arg, want := range map[string]string{
		"shwo":    `unknown command "shwo"; did you mean show?`,
		"repotr":  `unknown command "repotr"; did you mean report?`,
		"s":       `unknown command "s"; did you mean show or schema?`,
		"picture": `unknown command "picture"`,
	} {
		if err := Command(root, []string{arg, "show"}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", arg, err, want)
		}
	}
	if err := Command(root, nil); err != nil {
		t.Error(err)
	}
}

func TestArgument(t *testing.T) {
	cmd := &cobra.Command{Use: "schema [report|baseline]", ValidArgs: []string{"report", "baseline"}}
	const want = `schema "reprot" is not one of report, baseline`
	if err := Argument(cmd, []string{"report", "reprot"}); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	for _, args := range [][]string{nil, {"baseline"}} {
		if err := Argument(cmd, args); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}
