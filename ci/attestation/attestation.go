// Package attestation makes and reads what travels with a release to say where it comes from:
// in-toto statements, one with the provenance (SLSA v1) and one with the test result of each
// machine. They are the lines of one file, in envelopes with signatures (DSSE) or, where there is
// no key to sign with, as they are.
//
// The same release has the same statements, and the same signatures: there are no times in them.
package attestation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	in_toto "github.com/in-toto/attestation/go/v1"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"bee/core/printable"
)

// Files of a release, of which it has one: its name says whether the statements are signed.
const (
	SignedFile   = "bee.intoto.jsonl"     // envelopes, an attestation bundle of in-toto
	UnsignedFile = "bee.statements.jsonl" // bare statements
)

// payloadType of an envelope with a statement.
const payloadType = "application/vnd.in-toto+json"

// Statement is one that was read, or is to be written.
type Statement struct {
	*in_toto.Statement
	envelope *dsse.Envelope // what it was read from; nil where it was bare
}

// newStatement is about subjects; predicate is a message of one of in-toto's types.
func newStatement(subjects []*in_toto.ResourceDescriptor, predicateType string, predicate proto.Message) (Statement, error) {
	text, err := protojson.Marshal(predicate)
	if err != nil {
		return Statement{}, err
	}
	fields := &structpb.Struct{}
	if err := protojson.Unmarshal(text, fields); err != nil {
		return Statement{}, err
	}
	s := &in_toto.Statement{Type: in_toto.StatementTypeUri, Subject: subjects, PredicateType: predicateType, Predicate: fields}
	return Statement{Statement: s}, s.Validate()
}

// predicate reads what the statement says of its subjects, which has to be of a type.
func (s Statement) predicate(predicateType string, into proto.Message) error {
	if s.PredicateType != predicateType {
		return fmt.Errorf("it is of the type %q, not %q", s.PredicateType, predicateType)
	}
	text, err := protojson.Marshal(s.Predicate)
	if err != nil {
		return err
	}
	return protojson.Unmarshal(text, into)
}

// Equal tells whether two statements say the same, whoever signed them.
func (s Statement) Equal(other Statement) bool { return proto.Equal(s.Statement, other.Statement) }

// SignedBy checks that a key signed the statement.
func (s Statement) SignedBy(key *PublicKey) error {
	if s.envelope == nil {
		return dsse.ErrNoSignature
	}
	verifier, err := dsse.NewEnvelopeVerifier(key)
	if err != nil {
		return err
	}
	if _, err := verifier.Verify(context.Background(), s.envelope); err != nil {
		return errors.New("it has no signature of that key, or a wrong one")
	}
	return nil
}

// Write is the file with statements, and its name: signed by the key, where there is one.
func Write(statements []Statement, key *Key) (name string, text []byte, err error) {
	var lines bytes.Buffer
	for _, s := range statements {
		line, err := line(s, key)
		if err != nil {
			return "", nil, err
		}
		lines.Write(append(line, '\n'))
	}
	if key == nil {
		return UnsignedFile, lines.Bytes(), nil
	}
	return SignedFile, lines.Bytes(), nil
}

func line(s Statement, key *Key) ([]byte, error) {
	loose, err := protojson.Marshal(s.Statement)
	if err != nil {
		return nil, err
	}
	var payload bytes.Buffer
	if err := json.Compact(&payload, loose); err != nil { // protojson puts blanks in at random
		return nil, err
	}
	if key == nil {
		return payload.Bytes(), nil
	}
	signer, err := dsse.NewEnvelopeSigner(key)
	if err != nil {
		return nil, err
	}
	envelope, err := signer.SignPayload(context.Background(), payloadType, payload.Bytes())
	if err != nil {
		return nil, err
	}
	return json.Marshal(envelope)
}

// Read reads the file of one of the two names. Signatures are still to be checked.
func Read(name string, text []byte) ([]Statement, error) {
	var statements []Statement
	for line := range strings.Lines(string(text)) {
		s := Statement{Statement: &in_toto.Statement{}}
		payload := []byte(line)
		var err error
		if name == SignedFile {
			s.envelope = &dsse.Envelope{}
			payload, err = open(line, s.envelope)
		}
		if err == nil {
			err = protojson.Unmarshal(printable.AgainJSON(payload), s.Statement)
		}
		if err == nil {
			err = s.Validate()
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: no statement of in-toto: %w", len(statements)+1, err)
		}
		statements = append(statements, s)
	}
	if statements == nil {
		return nil, errors.New("it is empty")
	}
	return statements, nil
}

// open reads an envelope, and returns what is in it.
func open(line string, into *dsse.Envelope) ([]byte, error) {
	if err := json.Unmarshal([]byte(line), into); err != nil {
		return nil, err
	}
	if into.PayloadType != payloadType {
		return nil, fmt.Errorf("an envelope of the type %q, not %q", into.PayloadType, payloadType)
	}
	return into.DecodeB64Payload()
}

// sha256Of names a thing with its digest.
func sha256Of(name, digest string) *in_toto.ResourceDescriptor {
	return &in_toto.ResourceDescriptor{Name: name, Digest: map[string]string{string(in_toto.AlgorithmSHA256): digest}}
}
