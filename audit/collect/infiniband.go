package collect

import (
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/core/printable"
)

var (
	anyName    = regexp.MustCompile(`.`)
	portNumber = regexp.MustCompile(`^\d{1,3}$`)
)

// infiniBand reads the ports of InfiniBand adapters. Those of Ethernet adapters, which the
// kernel has there for RDMA, are interfaces like others.
func infiniBand(files fs.FS) []report.InfiniBandPort {
	const adapters = "sys/class/infiniband"
	var all []report.InfiniBandPort
	for _, name := range folders(files, adapters, anyName) {
		adapter := path.Join(adapters, name)
		for _, port := range folders(files, adapter+"/ports", portNumber) {
			dir := path.Join(adapter, "ports", port)
			if line(files, dir+"/link_layer") != "InfiniBand" {
				continue
			}
			n, _ := strconv.ParseUint(port, 10, 16)
			count := func(name string) *uint64 {
				n, ok := number(files, dir+"/counters/"+name)
				if !ok || n < 0 {
					return nil
				}
				u := uint64(n)
				return &u
			}
			all = append(all, report.InfiniBandPort{
				Device:          printable.Escape([]byte(name)),
				Port:            n,
				BusAddress:      leadsTo(files, adapter+"/device"),
				FirmwareVersion: line(files, adapter+"/fw_ver"),
				BoardID:         line(files, adapter+"/board_id"),
				NodeGUID:        line(files, adapter+"/node_guid"),
				// 4: ACTIVE
				State:              past(line(files, dir+"/state"), ": "),
				PhysicalState:      past(line(files, dir+"/phys_state"), ": "),
				Rate:               line(files, dir+"/rate"),
				SymbolErrors:       count("symbol_error"),
				LinkErrorRecovered: count("link_error_recovery"),
				LinkDowned:         count("link_downed"),
				ReceiveErrors:      count("port_rcv_errors"),
			})
		}
	}
	return all
}

// past returns what stands behind a separator, the whole where there is none.
func past(s, separator string) string {
	if _, rest, found := strings.Cut(s, separator); found {
		return rest
	}
	return s
}
