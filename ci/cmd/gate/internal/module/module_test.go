package module

import (
	"errors"
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

// Two secrets are two to the engine, also of one name in two sessions, and one is one.
func TestNameOfSecret(t *testing.T) {
	const one, other = Secret("one"), Secret("other")
	name := one.name("password")
	if again := one.name("password"); again != name {
		t.Error("one secret has two names: nothing that it made is found in the cache")
	}
	if name == other.name("password") || name == one.name("goProxy") {
		t.Error("two secrets have one name")
	}
	if !strings.HasPrefix(name, "password ") || len(name) != len("password ")+32 {
		t.Errorf("%q", name)
	}
}

// What a fault of the engine's own kept back is asked for once more, what failed otherwise is not.
func TestAsk(t *testing.T) {
	collected := errors.New("the commit to build: snapshot ndz2jkk9hi82phzzwedmvwxmc does not exist: not found [traceparent:1e-63]")
	notBegun := errors.New("v1.2.0 is refused: exit code: 1\ncleanup failed: \"runc delete container\": /usr/local/bin/runc did not terminate successfully: exit status 1: container does not exist")
	other := errors.New("exit code: 1")
	for _, c := range []struct {
		answers []error
		want    string
	}{
		{[]error{nil}, ""},
		{[]error{other}, "exit code: 1"},
		{[]error{collected, nil}, ""},
		{[]error{collected, other}, "exit code: 1"},
		{[]error{notBegun, nil}, ""},
		{[]error{collected, collected}, "the commit to build: snapshot ndz2jkk9hi82phzzwedmvwxmc does not exist: not found"},
	} {
		asked, got := 0, ""
		if err := ask(t.Context(), func() error { asked++; return c.answers[asked-1] }); err != nil {
			got = err.Error()
		}
		if got != c.want || asked != len(c.answers) {
			t.Errorf("%v: got %q after %d questions", c.answers, got, asked)
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
