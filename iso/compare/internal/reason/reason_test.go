package reason

import (
	"testing"

	"bee/core/comparison"
)

func TestOf(t *testing.T) {
	for _, test := range []struct {
		a, b   string
		want   comparison.Reason
		detail string
	}{
		{"built 2026-11-05T12:00:00Z\n", "built 2026-11-06T09:01:00Z\n", comparison.Time, "2026-11-05T12:00:00Z → 2026-11-06T09:01:00Z"},
		{"SOURCE_DATE_EPOCH=1764000000", "SOURCE_DATE_EPOCH=1764000001", comparison.Time, "1764000000 → 1764000001"},
		{"\x00\xffThu Nov  5 12:00:00 UTC 2026\x00", "\x00\xffFri Nov  6 12:00:01 UTC 2026\x00", comparison.Time, "Thu Nov  5 12:00:00 UTC 2026 → Fri Nov  6 12:00:01 UTC 2026"},
		{"a\nb\nc\n", "c\na\nb\n", comparison.Order, "the same lines in another order"},
		{"\x00/tmp/a1/src/main.c\x00", "\x00/home/b/main.c\x00", comparison.Path, "/tmp/a1/src/main.c → /home/b/main.c"},
		{"P:busybox\nV:1.36.1-r5\n", "P:busybox\nV:1.36.1-r6\n", comparison.Version, "1.36.1-r5 → 1.36.1-r6"},
		{"version 1.2.3", "version 1.2.10", comparison.Version, "1.2.3 → 1.2.10"},
		{"abc", "abd", comparison.Content, "both have 3 bytes, which differ from byte 2 on"},
		{"built 2026-11-05 good", "built 2026-11-06 evil", comparison.Content, "both have 21 bytes, which differ from byte 15 on"},
		{"/tmp/a/main.c", "/tmp/a/evil.c", comparison.Content, "both have 13 bytes, which differ from byte 7 on"},
		{"abc", "ab", comparison.Content, "3 bytes → 2 bytes, which differ from byte 2 on"},
	} {
		if got, detail := Of([]byte(test.a), []byte(test.b)); got != test.want || detail != test.detail {
			t.Errorf("%q, %q: %s, %q; want %s, %q", test.a, test.b, got, detail, test.want, test.detail)
		}
	}
}

func TestWithoutVersion(t *testing.T) {
	a, b := WithoutVersion("busybox-1.36.1-r5.apk"), WithoutVersion("busybox-1.37.0-r0.apk")
	if a != b || WithoutVersion("zlib-1.3-r0.apk") == a {
		t.Errorf("%q, %q", a, b)
	}
}

func FuzzOf(f *testing.F) {
	f.Add([]byte("a 2026-11-05"), []byte("a 2026-11-06"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if got, detail := Of(a, b); got == "" || detail == "" {
			t.Errorf("%q, %q", got, detail)
		}
	})
}
