package squashfs

import (
	"path"
	"strings"
	"testing"
)

// FuzzParse is of what unsquashfs writes of an image.
func FuzzParse(f *testing.F) {
	const end = "#\n# START OF DATA - DO NOT MODIFY\n#\n"
	f.Add(`/ D 1764000000 755 0 0
a\ dir D 1764000000 755 0 0
a\ dir/file R 1764000000 4755 1 2 5 0 0
a\ dir/file x user.a=0sAA==
hard L a\ dir/file
link S 1764000000 777 0 0 to where
null C 1764000000 666 0 0 1 3
pipe I 1764000000 600 0 0 f
socket I 1764000000 600 0 0 s
` + end + "hello")
	f.Add("a R 1 644 0 0 -1 -5 0\n" + end)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parse(strings.NewReader(text))
		if err != nil {
			return
		}
		files, offsets, start := l.Files, l.offsets, l.start
		if start <= 0 || start > int64(len(text)) || len(files) > strings.Count(text, "\n") {
			t.Errorf("%d files, data from %d of %d", len(files), start, len(text))
		}
		for i, file := range files {
			if i > 0 && file.Path < files[i-1].Path || path.Clean(file.Path) != file.Path || file.Path[0] != '/' {
				t.Errorf("file %d: %q", i, file.Path)
			}
			if file.UID < 0 || file.GID < 0 || file.SizeBytes != nil && *file.SizeBytes < 0 || offsets[file.Path] < 0 {
				t.Errorf("%+v at %d", file, offsets[file.Path])
			}
		}
	})
}
