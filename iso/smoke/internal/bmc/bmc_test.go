package bmc

import (
	"bytes"
	"io"
	"net"
	"testing"
)

var sample = &BMC{
	Firmware:    [2]byte{2, 0x44},
	Inventories: [][]byte{{1, 2, 3, 0xa0}},
	Records:     [][]byte{{1, 0, 0x51, 0x11, 1, 9}, {2, 0, 0x51, 0x01, 1, 8}},
	Sensors:     map[byte]Sensor{1: {Value: 4, Limits: [6]byte{7, 5, 3, 250, 251, 252}}},
	Events:      [][]byte{bytes.Repeat([]byte{7}, 16)},
	LAN:         map[byte][]byte{3: {192, 0, 2, 42}},
	Chassis:     [3]byte{0x41, 1, 1},
}

// ask asks as QEMU does.
func ask(t *testing.T, b *BMC, question ...byte) []byte {
	t.Helper()
	machine, ours := net.Pipe()
	defer machine.Close()
	go b.Serve(ours)
	message := append([]byte{0x55}, question...)
	message = append(message, -sum(message))
	sent := []byte{0xff, 1, endOfCommand} // which version QEMU speaks
	for _, c := range message {
		if c == endOfMessage || c == endOfCommand || c == escape {
			sent = append(sent, escape, c|escaped)
		} else {
			sent = append(sent, c)
		}
	}
	if _, err := machine.Write(append(sent, endOfMessage)); err != nil {
		t.Fatal(err)
	}
	var answer []byte
	for one := make([]byte, 1); ; {
		if _, err := io.ReadFull(machine, one); err != nil {
			t.Fatal(err)
		}
		if one[0] == endOfMessage {
			break
		}
		if one[0] == escape {
			if _, err := io.ReadFull(machine, one); err != nil {
				t.Fatal(err)
			}
			one[0] &^= escaped
		}
		answer = append(answer, one[0])
	}
	if sum(answer) != 0 || answer[0] != 0x55 || answer[1] != question[0]|4 || answer[2] != question[1] {
		t.Errorf("% x: the answer is % x", question, answer)
	}
	return answer[3 : len(answer)-1]
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct{ question, want []byte }{
		"device":              {[]byte{app << 2, 0x01}, []byte{done, 0x20, 0, 2, 0x44, 2, 0x8f, 0, 0, 0, 0, 0}},
		"chassis":             {[]byte{chassis << 2, 0x01}, []byte{done, 0x41, 1, 1}},
		"inventory":           {[]byte{storage << 2, 0x10, 0}, []byte{done, 4, 0, 0}},
		"part of it":          {[]byte{storage << 2, 0x11, 0, 2, 0, 16}, []byte{done, 2, 3, 0xa0}},
		"no inventory":        {[]byte{storage << 2, 0x10, 7}, []byte{notThere}},
		"records":             {[]byte{storage << 2, 0x20}, []byte{done, 0x51, 2, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 2}},
		"first record":        {[]byte{storage << 2, 0x23, 0, 0, 0, 0, 0, 0xff}, []byte{done, 2, 0, 1, 0, 0x51, 0x11, 1, 9}},
		"last record, a part": {[]byte{storage << 2, 0x23, 0, 0, 2, 0, 3, 2}, []byte{done, 0xff, 0xff, 1, 1}},
		"no record":           {[]byte{storage << 2, 0x23, 0, 0, 3, 0, 0, 0xff}, []byte{notThere}},
		"a short question":    {[]byte{storage << 2, 0x23, 0}, []byte{tooShort}},
		"event":               {[]byte{storage << 2, 0x43, 0, 0, 0xff, 0xff, 0, 0xff}, append([]byte{done, 0xff, 0xff}, sample.Events[0]...)},
		"reading":             {[]byte{sensorEvent << 2, 0x2d, 1}, []byte{done, 4, 0xc0, 0x03}},
		"limits":              {[]byte{sensorEvent << 2, 0x27, 1}, []byte{done, 0x3f, 7, 5, 3, 250, 251, 252}},
		"no sensor":           {[]byte{sensorEvent << 2, 0x2d, 9}, []byte{notThere}},
		"network":             {[]byte{transport << 2, 0x02, 1, 3, 0, 0}, []byte{done, 0x11, 192, 0, 2, 42}},
		"no such parameter":   {[]byte{transport << 2, 0x02, 1, 99, 0, 0}, []byte{noParameter}},
		"channel":             {[]byte{app << 2, 0x42, 1}, []byte{done, 1, 4, 1, 0x80, 0xf2, 0x1b, 0, 0, 0}},
		"another channel":     {[]byte{app << 2, 0x42, 2}, []byte{invalidField}},
		"nothing known":       {[]byte{0x2c << 2, 0x3e, endOfMessage, endOfCommand, escape}, []byte{invalidCommand}},
	} {
		if got := ask(t, sample, c.question...); !bytes.Equal(got, c.want) {
			t.Errorf("%s: % x, want % x", name, got, c.want)
		}
	}
}

// What a guest sends is not trusted.
func FuzzServe(f *testing.F) {
	f.Add([]byte{0x55, app << 2, 0x01, 0x92, endOfMessage})
	f.Add([]byte{0xff, 1, endOfCommand, escape, escape, endOfMessage})
	f.Fuzz(func(t *testing.T, sent []byte) {
		var answers bytes.Buffer
		sample.Serve(struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(sent), &answers})
		if answers.Len() > 1024*(1+bytes.Count(sent, []byte{endOfMessage})) {
			t.Errorf("%d bytes of answers", answers.Len())
		}
	})
}
