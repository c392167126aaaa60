package main

import (
	"errors"
	"fmt"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// because says what failed by an error of the engine's, and keeps what the engine knows of
// it beside its text: of a program, the exit status and what it wrote. Of an error that is
// wrapped by %w, the engine would show the inner one alone.
func because(err error, format string, args ...any) error {
	text := fmt.Sprintf(format, args...) + ": " + err.Error()
	var known *gqlerror.Error
	if errors.As(err, &known) {
		return &gqlerror.Error{Message: text, Extensions: known.Extensions}
	}
	return errors.New(text)
}
