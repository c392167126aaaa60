package slotname

import "testing"

func TestRead(t *testing.T) {
	for _, c := range []struct{ locator, bank, cpu, channel string }{
		{"P1-DIMMA1", "P0_Node0_Channel0_Dimm0", "P1", "A"},
		{"DIMMA1", "P0_Node0_Channel0_Dimm0", "P0", "A"},
		{"DIMM3", "_Node1_Channel2_Dimm0", "Node1", "Channel2"},
		{"P2_DIMM1B", "BANK5", "P2", "1"},
		{"P1_1A", "0", "P1", "1"},
		{"P1-DIMM2C", "", "P1", "2"},
		{"P1-ChF-DIMM1", "BANK3", "P1", "ChF"},
		{"PROC  1 DIMM  12 ", "", "PROC 1", ""},
		// The letter is the order in which the slots are filled.
		{"PROC 2 DIMM 12A", "", "PROC 2", ""},
		{"CPU1_DIMM_D2", "NODE 1", "CPU1", "D"},
		{"CPU0_DIMM_3", "NODE 1", "CPU0", ""},
		{"DIMM7_CPU2", "", "CPU2", ""},
		{"Node1_Dimm3", "Node1_Bank0", "Node1", ""},
		{"DIMM_P0_A1", "Bank 0", "P0", "A"},
		{"DIMM_A1", "NODE 1 CHANNEL 0 DIMM 0", "NODE 1", "A"},
		{"DIMM1 J12", "SOCKET 1 CHANNEL 2 DIMM 0", "SOCKET 1", "CHANNEL 2"},
		{"DIMM 1", "P0 CHANNEL H", "P0", "CHANNEL H"},
		{"ChannelB-DIMM0", "BANK 2", "", "ChannelB"},
		{"Controller1-ChannelA-DIMM0", "BANK 2", "", "Controller1-ChannelA"},
		{"CPU0_C2D1", "NODE 0", "CPU0", "C2"},
		{"P1_UMC3_CH_D0", "P1 CHANNEL D", "P1", "CH_D"},
		{"DIMM5", "CPU1ChB", "CPU1", "ChB"},
		{"DIMM-2A", "n/a", "", ""},
		{"DIMM_P1", "NODE 1 CHANNEL 7 DIMM 0", "NODE 1", "P"},
		{"D3", "/SYS/MB/P0", "P0", "D"},
		{"A12", "", "", "A"},
		{"DIMM B 2", "", "", "B"},
		{"DIMM 4", "", "", ""},
		{"NO DIMM", "NO DIMM", "", ""},
		{"Top-Slot 1(left)", "", "", ""},
		{"SLOT5", "", "", ""},
		{"", "", "", ""},
	} {
		if got := Read(c.locator, c.bank); got != (Place{c.cpu, c.channel}) {
			t.Errorf("%q, %q: %+v, want %q, %q", c.locator, c.bank, got, c.cpu, c.channel)
		}
	}
}
