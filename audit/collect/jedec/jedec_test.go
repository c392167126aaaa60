package jedec

import "testing"

func TestMaker(t *testing.T) {
	for text, want := range map[string]string{
		"Bank 1, Hex 0xCE": "Samsung", "Bank 2, Hex 0x98": "Kingston", "Bank 10, Hex 0x83": "HPE",
		// The bytes of Samsung and SK hynix the wrong way around.
		"Bank 79, Hex 0x80": "Samsung", "Bank 46, Hex 0x80": "SK hynix",
		"Bank 112, Hex 0x04": "Team Group", "Bank 0, Hex 0xCE": "", "Bank 999, Hex 0xCE": "", "Bank 50, Hex 0x01": "",

		"80CE": "Samsung", "00CE": "Samsung", "0xCE80": "Samsung", "CE00000000000000": "Samsung", "80ce000080ce": "Samsung",
		"802C": "Micron", "0x2C00": "Micron", "00AD063200AD": "SK hynix", "80AD": "SK hynix",
		"0198": "Kingston", "0x0198": "Kingston", "830B": "Nanya", "8551": "Qimonda", "02FE00B302FE": "Elpida",
		"7F98000000000000": "Kingston", "7F7F7F7F7F510000": "Qimonda", "7F7F": "",
		"Unknown - [0x9B85]": "Crucial",
		"0000":               "", "1234": "", "ABCD": "", "CE": "", "80C": "", "Samsung": "", "": "",
		// A part number may look like a number, but has no maker.
		"0715": "",
		// Without its parity, a number is rather something else.
		"0114": "",
	} {
		if got := Maker(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// IDs have odd parity; a slip in the table shows.
func TestParity(t *testing.T) {
	for n, name := range makers {
		if odd(n.id) != n.id {
			t.Errorf("the ID of %s has even parity", name)
		}
	}
}

func FuzzMaker(f *testing.F) {
	f.Add("Bank 1, Hex 0xCE")
	f.Add("7F7F98")
	f.Fuzz(func(t *testing.T, text string) {
		if name := Maker(text); name != "" && len(text) < 4 {
			t.Errorf("%q is %s", text, name)
		}
	})
}
