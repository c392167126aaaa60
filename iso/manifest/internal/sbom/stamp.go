package sbom

import (
	"crypto/sha256"
	"io"

	"github.com/google/uuid"
)

// isoName is what the whole is called.
const isoName = "bee.iso"

// stamped writes a document, by write, whose id is of its own content: both formats ask for an id
// that no other document has, and equal ISOs are to have equal documents.
func stamped(w io.Writer, id *string, write func(io.Writer) error) error {
	content := sha256.New()
	if err := write(content); err != nil {
		return err
	}
	*id = uuid.NewSHA1(uuid.NameSpaceOID, content.Sum(nil)).URN()
	return write(w)
}
