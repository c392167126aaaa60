package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"bee/audit/collect/neighbours"
	"bee/audit/report"
	"bee/audit/report/label"
	"bee/audit/show/terminal"
)

func lldpCommand() *cobra.Command {
	var wait time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lldp [INTERFACE...]",
		Short: "Listen for what switches say of themselves: which one, which port",
		Long: `lldp listens on the network interfaces that have a link for the frames by which
switches describe themselves (LLDP, IEEE 802.1AB), and says which switch and which of
its ports each interface is connected to. It sends nothing.

Switches send one every 30 seconds. It ends when each interface has got one, or after
--for. Nothing is heard of a switch that does not send any, nor through adapters whose
firmware keeps LLDP to itself (of Intel's i40e and ice, unless their private flag
disable-fw-lldp, or fw-lldp-agent, says otherwise).

"audit run" does this beside all else, and puts it into the report.`,
		Example: `  audit lldp                       wait for all, 31 seconds at most
  audit lldp eth2 --for 2m         one interface, longer
  audit lldp --json | jq -r '.[] | .interface + " " + .system_name + " " + .port_id'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if wait <= 0 {
				return usageError{fmt.Errorf("--for: %v is not a time to listen in", wait)}
			}
			interfaces, err := neighbours.Interfaces(args)
			if err != nil {
				return usageError{err}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), wait)
			defer cancel()
			all, err := neighbours.Listen(ctx, interfaces)
			if err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(all)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), neighboursTable(all, interfaces))
			return err
		},
	}
	cmd.Flags().DurationVar(&wait, "for", neighbours.Interval, "how long to listen at most")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a list of objects, with the fields that a report has under network.interfaces.neighbours")
	return cmd
}

func neighboursTable(all []neighbours.Heard, interfaces []net.Interface) string {
	var rows [][]terminal.Cell
	for _, i := range interfaces {
		found := false
		for _, h := range all {
			if h.Interface == i.Name {
				found = true
				rows = append(rows, terminal.Cells(append([]string{i.Name}, neighbour(h.Neighbour)...)...))
			}
		}
		if !found {
			rows = append(rows, terminal.Cells(i.Name, "nothing was heard"))
		}
	}
	if len(rows) == 0 {
		return "no interface has a link\n"
	}
	return terminal.Terminal{}.Table(rows)
}

func neighbour(n report.Neighbour) []string {
	vlan := ""
	if n.VLANID != nil {
		vlan = fmt.Sprintf("VLAN %d", *n.VLANID)
	}
	return []string{cmp.Or(n.SystemName, n.ChassisID), label.Join(n.PortID, n.PortDescription), vlan, n.ManagementAddress}
}
