package driver

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"bee/core/check"
	"bee/iso/smoke/internal/remote"
)

// Credentials are a way to log in. The zero value is none.
type Credentials struct {
	Key      ssh.Signer
	Password string
}

func (c Credentials) methods() []ssh.AuthMethod {
	switch {
	case c.Key != nil:
		return []ssh.AuthMethod{ssh.PublicKeys(c.Key)}
	case c.Password != "":
		return []ssh.AuthMethod{ssh.Password(c.Password)}
	}
	return nil
}

// access is the line by which bee's console says how SSH lets people in. The end
// of the line belongs to it: a line may arrive in pieces, and half a password is
// none.
var access = regexp.MustCompile(`(?m)^bee: SSH (?:password for root and bee: (\S+)|(by key only)|(password set (?:at build time|by bee\.yaml)))\n`)

// credentials are those given, or what the console shows.
func (t *test) credentials(ctx context.Context) (Credentials, error) {
	if t.Credentials != (Credentials{}) || t.console == nil {
		return t.Credentials, nil
	}
	done := t.waitFor(ctx, "the SSH password on the serial console")
	groups, _, err := t.console.Wait(ctx, 0, access)
	if err := done(err); err != nil {
		return Credentials{}, err
	}
	switch {
	case groups[2] != "":
		return Credentials{}, InputError{errors.New("this ISO lets in SSH keys only: give the private key by --identity")}
	case groups[3] != "":
		return Credentials{}, InputError{errors.New("this machine has a password that was set at build time, or by bee.yaml: give it by --password-env")}
	}
	return Credentials{Password: groups[1]}, nil
}

// shownKey is the line by which bee's console says which host key SSH has. It comes behind
// the line that says how people are let in.
var shownKey = regexp.MustCompile(`(?m)^bee: SSH host key (SHA256:\S+)\n`)

// shownTime (a variable for tests) is how long the console may take from one of these
// lines to the other.
var shownTime = 30 * time.Second

// host is the server that is to answer at an address: the one with the key given, or with
// the one that the console shows.
func (t *test) host(ctx context.Context, address string) (remote.Host, error) {
	if t.console == nil {
		return remote.Host{Address: address, Key: t.HostKey}, nil
	}
	done := t.waitFor(ctx, "the SSH host key on the serial console")
	// without a password to wait for, the boot may have just begun
	if _, _, err := t.console.Wait(ctx, 0, access); err != nil {
		return remote.Host{}, done(err)
	}
	limited, cancel := context.WithTimeoutCause(ctx, t.limit(shownTime), errNoHostKey)
	defer cancel()
	groups, _, err := t.console.Wait(limited, 0, shownKey)
	if err := done(err); err != nil {
		if errors.Is(err, errNoHostKey) {
			t.add(check.Check{Name: hostKeyCheck, Status: check.Fail, Detail: errNoHostKey.Error()})
		}
		return remote.Host{}, err
	}
	return remote.Host{Address: address, Key: groups[1]}, nil
}

const hostKeyCheck = "ssh-host-key"

var errNoHostKey = errors.New("the serial console shows none")

// login tries to log in until the machine lets us in or says no. It makes the check that the
// server is the one that we know the key of: another one is not logged in to.
func (t *test) login(ctx context.Context, host remote.Host, user string, credentials Credentials) (*remote.SSH, error) {
	done := t.waitFor(ctx, "SSH")
	for {
		shell, err := remote.DialSSH(ctx, host, user, credentials.methods()...)
		switch {
		case errors.Is(err, remote.ErrHostKey):
			t.add(check.Check{Name: hostKeyCheck, Status: check.Fail, Detail: err.Error()})
			return nil, done(err)
		case err == nil, errors.Is(err, remote.ErrRefused):
			t.add(check.Check{Name: hostKeyCheck, Status: check.Pass, Detail: host.Key})
			return shell, done(err)
		}
		select {
		case <-ctx.Done():
			return nil, done(fmt.Errorf("%w; SSH last said: %v", context.Cause(ctx), err))
		case <-time.After(time.Second):
		}
	}
}

// defaultPasswords are what live systems are known to come with. An empty one is
// left to the checks on the machine.
var defaultPasswords = []string{"bee", "root", "admin", "password", "live", "toor", "alpine", "debian"}

// checkAccess checks from outside what the machine cannot know about itself.
func (t *test) checkAccess(ctx context.Context, host remote.Host, credentials Credentials) error {
	done := t.waitFor(ctx, "logins as bee and by known passwords, and for the report")
	for _, look := range []func(context.Context, remote.Host, Credentials) check.Check{checkBee, checkFetch, checkDefaultPasswords} {
		c := look(ctx, host, credentials)
		if ctx.Err() != nil { // then that is all that the check says
			return done(context.Cause(ctx))
		}
		t.add(c)
	}
	return done(nil)
}

// checkBee checks that the user bee is let in as root is, and is an ordinary user.
func checkBee(ctx context.Context, host remote.Host, credentials Credentials) check.Check {
	c := check.Check{Name: "ssh-login-bee", Status: check.Fail}
	shell, err := remote.DialSSH(ctx, host, "bee", credentials.methods()...)
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	defer shell.Close()
	output, _, err := shell.Run(ctx, "id -un; dmesg >/dev/null 2>&1 && echo and reads the kernel log")
	switch user := strings.TrimSpace(output); {
	case err != nil:
		c.Detail = err.Error()
	case user != "bee":
		c.Detail = fmt.Sprintf("logged in as bee, an ordinary user, but this one is %q", user)
	default:
		c.Status, c.Detail = check.Pass, "by the same credentials as root"
	}
	return c
}

// checkFetch checks that everyone who is let in can take the audit's report home.
func checkFetch(ctx context.Context, host remote.Host, credentials Credentials) check.Check {
	c := check.Check{Name: "ssh-fetch-report", Status: check.Fail}
	for _, user := range []string{"root", "bee"} {
		if err := fetchReport(ctx, host, user, credentials); err != nil {
			c.Detail = fmt.Sprintf("%s: %v", user, err)
			return c
		}
	}
	c.Status, c.Detail = check.Pass, "by sftp and scp, as root and bee"
	return c
}

func fetchReport(ctx context.Context, host remote.Host, user string, credentials Credentials) error {
	shell, err := remote.DialSSH(ctx, host, user, credentials.methods()...)
	if err != nil {
		return err
	}
	defer shell.Close()
	want, status, err := shell.Run(ctx, "cat "+auditReport)
	if err != nil {
		return err
	}
	if status != 0 {
		return errors.New(strings.TrimSpace(want))
	}
	got, err := shell.Fetch(ctx, auditReport)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("by SFTP, %s is another file than cat shows", auditReport)
	}
	// What scp before OpenSSH 9 does, and scp -O: the other side is scp -f, which waits
	// for a zero before the name, the content and the end.
	got, _, err = shell.Run(ctx, `printf '\0\0\0' | scp -f `+auditReport)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(got, "\n"+want+"\x00") {
		return fmt.Errorf("scp -f does not send %s: it says %.100q", auditReport, got)
	}
	return nil
}

func checkDefaultPasswords(ctx context.Context, host remote.Host, credentials Credentials) check.Check {
	c := check.Check{Name: "ssh-default-passwords", Status: check.Fail}
	for _, user := range []string{"root", "bee"} {
		for left := slices.Clone(defaultPasswords); len(left) > 0; {
			last, tried := "", 0
			shell, err := remote.DialSSH(ctx, host, user, ssh.RetryableAuthMethod(ssh.PasswordCallback(func() (string, error) {
				last, tried = left[tried], tried+1
				return last, nil
			}), len(left)))
			switch {
			case err == nil:
				shell.Close()
				c.Detail = fmt.Sprintf("%s is let in by the password %q", user, last)
				return c
			case credentials.Key != nil && tried > 0:
				c.Detail = fmt.Sprintf("%s may try passwords, although a key lets in", user)
				return c
			case tried == 0 && (credentials.Key == nil || !errors.Is(err, remote.ErrRefused)):
				c.Detail = fmt.Sprintf("%s: only %d of %d passwords could be tried: %v", user, len(defaultPasswords)-len(left), len(defaultPasswords), err)
				return c
			case tried == 0: // passwords are not accepted
				tried = len(left)
			}
			left = left[tried:] // a connection is good for a few tries
		}
	}
	c.Status, c.Detail = check.Pass, fmt.Sprintf("%d known passwords refused for root and bee", len(defaultPasswords))
	if credentials.Key != nil {
		c.Detail = "passwords are not accepted at all"
	}
	return c
}
