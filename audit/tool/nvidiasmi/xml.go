package nvidiasmi

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"bee/core/printable"
)

// maxDepth is beyond the depth of nvidia-smi's XML, maxFaults beyond what is worth
// reading.
const maxDepth, maxFaults = 32, 1000

const root = "nvidia_smi_log"

// ParseXML reads the output of `nvidia-smi -q -x`. It may be cut off, damaged, or
// broken by lines of other text: with an error come the GPUs that could be read
// all the same.
func ParseXML(out []byte) (Log, error) {
	p := xmlParser{}
	text := printable.XML(out)
	var first error
	for range maxFaults {
		read, err := p.read(text)
		if err == nil {
			break
		}
		if first == nil {
			first = fmt.Errorf("nvidia-smi's XML is damaged or cut off: %w", err)
		}
		// The value with the fault is lost; go on at the next tag.
		p.leaf = false
		next := bytes.IndexByte(text[max(read, 1):], '<')
		if next < 0 {
			break
		}
		text = text[max(read, 1)+next:]
	}
	p.endGPU(true)
	log, err := p.log.finish("XML")
	switch {
	case err != nil && first == nil && p.complete && len(log.Messages) == 0:
		return log, nil // a machine without GPUs
	case err == nil && first == nil && (!p.complete || len(log.Cut) > 0):
		return log, errors.New("nvidia-smi's XML is cut off")
	case err == nil:
		return log, first
	}
	return log, err
}

type xmlParser struct {
	log Log
	// Elements that the parser is in, from the root on, or from <gpu> on.
	path []string
	// Text of the innermost element, as long as it has no other in it.
	text     strings.Builder
	leaf     bool
	gpu      *gpu // the GPU that the parser is in
	complete bool // the root has ended
}

// read goes through a text until its end, or until something that is not XML. It
// returns how far it came. Elements that do not match are the caller's trouble,
// not the decoder's: it would remember any number of them.
func (p *xmlParser) read(text []byte) (int, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = false // "&" in the name of a process
	// Whatever encoding is declared, text is UTF-8 by now.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return len(text), nil
		}
		if err != nil {
			return int(d.InputOffset()), err
		}
		switch t := token.(type) {
		case xml.StartElement:
			p.start(t)
		case xml.CharData:
			if p.leaf {
				p.text.Write(t)
			} else {
				p.log.say(string(t))
			}
		case xml.EndElement:
			p.end(t.Name.Local)
		}
	}
}

func (p *xmlParser) start(t xml.StartElement) {
	p.text.Reset()
	name := t.Name.Local
	p.leaf = name != root
	if name == "gpu" {
		p.endGPU(true) // its end is missing
		p.gpu, p.path = &gpu{}, p.path[:0]
		for _, a := range t.Attr {
			if a.Name.Local == "id" {
				p.gpu.set("@id", a.Value)
			}
		}
		return
	}
	if len(p.path) < maxDepth {
		p.path = append(p.path, name)
	}
	if p.gpu != nil {
		p.gpu.begin(strings.Join(p.path, "/"))
	}
}

func (p *xmlParser) end(name string) {
	text, leaf := strings.TrimSpace(p.text.String()), p.leaf
	p.leaf = false
	if name == "gpu" {
		p.endGPU(false)
		return
	}
	// The end of an element ends those in it; one that was not begun means nothing.
	i := len(p.path) - 1
	for i >= 0 && p.path[i] != name {
		i--
	}
	if i < 0 {
		p.complete = p.complete || name == root
		return
	}
	if leaf && i == len(p.path)-1 {
		if p.gpu != nil {
			p.gpu.set(strings.Join(p.path, "/"), layout.Replace(text))
		} else {
			p.set(name, layout.Replace(text))
		}
	}
	p.path = p.path[:i]
	p.complete = p.complete || name == root
}

// layout escapes the white space that printable.XML leaves.
var layout = strings.NewReplacer("\t", `\x09`, "\n", `\x0a`, "\r", `\x0d`)

// set stores a value that is not of a GPU.
func (p *xmlParser) set(name, text string) {
	switch name {
	case "driver_version":
		p.log.DriverVersion = cmp.Or(p.log.DriverVersion, version(text))
	case "kmd_version": // driver 610, which deprecates the former
		p.log.DriverVersion = cmp.Or(version(text), p.log.DriverVersion)
	case "cuda_version":
		p.log.CUDAVersion = cmp.Or(p.log.CUDAVersion, version(text))
	case "cuda_umd_version":
		p.log.CUDAVersion = cmp.Or(version(text), p.log.CUDAVersion)
	}
}

// endGPU takes note of the GPU that the parser is in.
func (p *xmlParser) endGPU(cut bool) {
	if p.gpu == nil {
		return
	}
	if p.log.add(p.gpu) && cut {
		p.log.Cut = append(p.log.Cut, p.gpu.PCIAddress)
	}
	p.gpu, p.path, p.leaf = nil, p.path[:0], false
}
