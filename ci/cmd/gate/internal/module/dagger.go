package module

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"dagger.io/dagger"
	"dagger.io/dagger/querybuilder"
	"github.com/Khan/genqlient/graphql"
	"golang.org/x/crypto/argon2"

	"bee/gate/internal/whole"
)

// Variables of the SDK: a session that runs already, and the program that starts one.
// Without either, the SDK would download the program.
const (
	sessionVariable = "DAGGER_SESSION_PORT"
	programVariable = "_EXPERIMENTAL_DAGGER_CLI_BIN"
)

type engine struct {
	client    *dagger.Client
	view      *view // nil where there is none
	arguments Arguments
}

// Connect loads the module into a session with the Dagger engine.
func Connect(ctx context.Context, options Options) (Module, error) {
	e := &engine{arguments: options.Arguments}
	if os.Getenv(sessionVariable) == "" && os.Getenv(programVariable) == "" {
		program, err := exec.LookPath("dagger")
		if err != nil {
			return nil, errors.New("no dagger in PATH: run `make gate`, which brings one, or eval \"$(go run ./engine env)\"")
		}
		os.Setenv(programVariable, program)
	}
	if program := os.Getenv(programVariable); options.View && program != "" {
		var err error
		if e.view, err = startView(ctx, program, options.Interrupted); err != nil {
			return nil, fmt.Errorf("no Dagger engine: %w", err)
		}
	}
	if err := e.load(ctx, options); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *engine) load(ctx context.Context, options Options) error {
	top, err := filepath.Abs(options.Repository)
	if err != nil {
		return err
	}
	e.client, err = dagger.Connect(ctx, dagger.WithLogOutput(options.Log),
		dagger.WithEnvironmentVariable("DAGGER_PROGRESS", "plain"), dagger.WithEnvironmentVariable("NO_COLOR", "1"))
	if err != nil {
		return fmt.Errorf("no Dagger engine: %w", err)
	}
	if err := ask(ctx, func() error { return e.client.ModuleSource(top).AsModule().Serve(ctx) }); err != nil {
		return fmt.Errorf("the Dagger module of %s: %w", top, err)
	}
	return nil
}

func (e *engine) Close() error {
	var err error
	if e.client != nil {
		err = e.client.Close()
	}
	if e.view != nil {
		e.view.close()
	}
	return err
}

// name is what the engine knows a secret by, and takes two for one by: one of another session,
// where that runs still. It is the same for the same secret, so that what was made with it is in
// the cache. It goes into logs, and a password is no sooner guessed by it than by the hash that an
// ISO has (the engine names secrets that "dagger call" reads in the same way).
func (s Secret) name(argument string) string {
	const passes, memoryKiB, threads, size = 3, 64 << 10, 1, 16
	return fmt.Sprintf("%s %x", argument, argon2.IDKey([]byte(s), []byte("bee's gate: "+argument), passes, memoryKiB, threads, size))
}

// selection is a call as the engine takes it.
func (e *engine) selection(call Call) (*querybuilder.Selection, error) {
	query, err := e.with(e.client.QueryBuilder().Select("bee"), e.arguments)
	if err != nil {
		return nil, err
	}
	return e.with(query.Select(call.Function), call.Arguments)
}

func (e *engine) with(query *querybuilder.Selection, arguments Arguments) (*querybuilder.Selection, error) {
	for name, value := range arguments {
		switch v := value.(type) {
		case File:
			path, err := filepath.Abs(string(v))
			if err != nil {
				return nil, err
			}
			value = e.client.Host().File(path)
		case Directory:
			path, err := filepath.Abs(string(v))
			if err != nil {
				return nil, err
			}
			value = e.client.Host().Directory(path)
		case Secret:
			value = e.client.SetSecret(v.name(name), string(v))
		}
		query = query.Arg(name, value)
	}
	return query, nil
}

// id calls a function that returns an object.
func id[ID ~string](ctx context.Context, e *engine, call Call) (ID, error) {
	var id ID
	query, err := e.selection(call)
	if err != nil {
		return "", err
	}
	err = ask(ctx, func() error { return query.Select("id").Bind(&id).Execute(ctx) })
	return id, err
}

func (e *engine) File(ctx context.Context, call Call, path string) error {
	file, err := id[dagger.FileID](ctx, e, call)
	if err != nil {
		return err
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	return ask(ctx, func() error {
		_, err := e.client.LoadFileFromID(file).Export(ctx, path)
		return err
	})
}

func (e *engine) Directory(ctx context.Context, call Call) (whole.Source, error) {
	directory, err := id[dagger.DirectoryID](ctx, e, call)
	if err != nil {
		return nil, err
	}
	return tree{e.client.LoadDirectoryFromID(directory)}, nil
}

type tree struct{ directory *dagger.Directory }

func (t tree) Size(ctx context.Context) (int64, error) {
	var total int64
	err := ask(ctx, func() error {
		total = 0
		paths, err := t.directory.Glob(ctx, "**")
		if err != nil {
			return err
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "/") {
				continue // a folder
			}
			size, err := t.directory.File(path).Size(ctx)
			if err != nil {
				return err
			}
			total += int64(size)
		}
		return nil
	})
	return total, err
}

func (t tree) Contents(ctx context.Context, name string) (string, error) {
	var text string
	err := ask(ctx, func() (err error) {
		text, err = t.directory.File(name).Contents(ctx)
		return err
	})
	return text, err
}

func (t tree) Export(ctx context.Context, folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	return ask(ctx, func() error {
		_, err := t.directory.Export(ctx, folder)
		return err
	})
}

func (e *engine) Up(ctx context.Context, call Call) error {
	service, err := id[dagger.ServiceID](ctx, e, call)
	if err != nil {
		return err
	}
	return failure(ctx, e.client.LoadServiceFromID(service).Up(ctx))
}

func (e *engine) Text(ctx context.Context, call Call) (string, error) {
	query, err := e.selection(call)
	if err != nil {
		return "", err
	}
	var text *string // what returns nothing returns null
	if err := ask(ctx, func() error { return query.Bind(&text).Execute(ctx) }); err != nil || text == nil {
		return "", err
	}
	return *text, nil
}

// transient is what an engine, Dagger 0.19.7, says of faults of its own that are gone when it is asked
// once more: its collector took away a result in the moment in which another was made of it, as
// it does where its caches are full; or a container did not begin, which has the exit code of a
// program that failed, and is known by what its removal says.
var transient = regexp.MustCompile(`snapshot [0-9a-z]+ does not exist: not found|"runc delete container": .*: container does not exist`)

// ask asks the engine for something, and tells why it did not get it.
func ask(ctx context.Context, question func() error) error {
	err := question()
	if err != nil && transient.MatchString(err.Error()) {
		err = question()
	}
	return failure(ctx, err)
}

// failure is an error of the engine's, with what the program wrote that failed; or, where
// that was told to stop, why.
func failure(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	failed := &Error{Message: err.Error()}
	var refused *graphql.HTTPError // of a call that the module has no function for
	if errors.As(err, &refused) && len(refused.Response.Errors) > 0 {
		failed.Message = refused.Response.Errors.Error()
	}
	var program *dagger.ExecError
	if errors.As(err, &program) {
		failed.Stdout, failed.Stderr = program.Stdout, program.Stderr
	}
	return failed
}
