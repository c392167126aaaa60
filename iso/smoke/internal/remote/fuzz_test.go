package remote

import "testing"

func FuzzUnpack(f *testing.F) {
	f.Add("all is well")
	f.Add(pack("all is well"))
	f.Add("[ 42.0] usb 1-1" + pack("x"))
	f.Fuzz(func(t *testing.T, text string) {
		if out, err := unpack(text); err == nil && len(out) > maxOutput {
			t.Errorf("%d bytes", len(out))
		}
		if out, err := unpack(pack(text)); err != nil || out != text {
			t.Errorf("%q is unpacked as %q, %v", text, out, err)
		}
	})
}

func FuzzWithoutCommands(f *testing.F) {
	f.Add("login\n\nsmoke-begin-1.\nH4sI\nsmoke-end-1.\n# ")
	f.Fuzz(func(t *testing.T, text string) {
		if got := WithoutCommands(text); len(got) > len(text) || frames.MatchString(text) && got == text {
			t.Errorf("%q is left", got)
		}
	})
}
