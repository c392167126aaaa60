package junit

import (
	"encoding/xml"
	"testing"

	"bee/core/hostile"
)

// What is counted is what there is, and whatever a text holds, the document is read as it was
// meant.
func TestDocument(t *testing.T) {
	for _, text := range append([]string{"plain"}, hostile.Strings...) {
		s := Suite{Name: text, Properties: &Properties{[]Property{{text, text}}}, Cases: []Case{
			{Class: text, Name: text, Output: text},
			{Failure: &Message{text, text}},
			{Error: &Message{Text: text}},
			{Skipped: &Message{Text: text}},
		}}
		data, err := s.Document()
		if err != nil {
			t.Fatal(err)
		}
		var read Suite
		if err := xml.Unmarshal(data, &read); err != nil {
			t.Fatalf("%v\n%.500s", err, data)
		}
		if read.Tests != 4 || read.Failures != 1 || read.Errors != 1 || read.Skipped != 1 || len(read.Cases) != 4 || len(read.Properties.List) != 1 {
			t.Errorf("%.80q: %.500s", text, data)
		}
	}
}
