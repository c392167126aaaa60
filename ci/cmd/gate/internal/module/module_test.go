package module

import (
	"os"
	"strings"
	"testing"
)

func TestError(t *testing.T) {
	for _, c := range []struct {
		err  Error
		want string
	}{
		{Error{Message: `base "x" is not known [traceparent:7a96f43dc1693949f9610a276da60e81-6364b7eeadc5b019]`}, `base "x" is not known`},
		{Error{Message: "exit code: 1", Stdout: "a\n\n", Stderr: "b\n"}, "exit code: 1\na\nb"},
		{Error{Message: "exit code: 2", Stderr: strings.Repeat("x\n", 41) + "y\n"}, "exit code: 2\n(2 lines before)\n" + strings.Repeat("x\n", 39) + "y"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestNoDagger(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, variable := range []string{sessionVariable, programVariable} {
		t.Setenv(variable, "") // has it restored
		os.Unsetenv(variable)
	}
	_, err := Connect(t.Context(), Options{Repository: "."})
	if err == nil || !strings.HasPrefix(err.Error(), "no dagger in PATH: run `make gate`, which brings one") {
		t.Errorf("got %v", err)
	}
}
