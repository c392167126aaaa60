// Package module calls the functions of the repository's Dagger module, bee.
package module

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Module is the Dagger module of one repository.
type Module interface {
	// File calls a function that returns a file, and writes that to a path.
	File(ctx context.Context, call Call, path string) error
	// Directory calls a function that returns a directory.
	Directory(ctx context.Context, call Call) (Tree, error)
	// Text calls a function that returns text, or nothing.
	Text(ctx context.Context, call Call) (string, error)
	// Up calls a function that returns a service, and runs that at its ports on this
	// machine until it or the context ends.
	Up(ctx context.Context, call Call) error
	Close() error
}

// Tree is a directory that the engine has.
type Tree interface {
	// Size is how many bytes its files have.
	Size(ctx context.Context) (int64, error)
	// Export writes what is in it into a folder.
	Export(ctx context.Context, folder string) error
}

// Call is the call of a function.
type Call struct {
	Function string
	Arguments
}

// Arguments of a function, by their names in the module's Go code. A value is text, a
// number, a bool, or a File, Directory or Secret.
type Arguments map[string]any

type (
	// File is the path of a file of this machine.
	File string
	// Directory is the path of a folder of this machine.
	Directory string
	// Secret is the secret itself.
	Secret string
)

// Options say which module is called.
type Options struct {
	// Top of the repository.
	Repository string
	// Arguments of the module's constructor.
	Arguments Arguments
	Progress
}

// Progress says where to tell what the engine does.
type Progress struct {
	// Log takes all of it, as lines of text.
	Log io.Writer
	// View shows it on the terminal that is standard error, too.
	View bool
	// Interrupted is called when a person ends the view.
	Interrupted func()
}

// Error is a function that failed.
type Error struct {
	// What the engine says.
	Message string
	// What the program wrote whose failure it was, where one was.
	Stdout, Stderr string
}

// lastLines of what a program wrote say why it failed.
const lastLines = 40

// trace is the number under which an engine files an error.
var trace = regexp.MustCompile(` ?\[traceparent:[0-9a-f-]+\]`)

// Error is what the engine says, and the end of what the program wrote.
func (e *Error) Error() string {
	text := strings.TrimSpace(trace.ReplaceAllString(e.Message, ""))
	for _, stream := range []string{e.Stdout, e.Stderr} {
		if stream = strings.TrimSpace(stream); stream != "" {
			text += "\n" + tail(stream)
		}
	}
	return text
}

func tail(text string) string {
	lines := strings.Split(text, "\n")
	if left := len(lines) - lastLines; left > 0 {
		return fmt.Sprintf("(%d lines before)\n%s", left, strings.Join(lines[left:], "\n"))
	}
	return text
}
