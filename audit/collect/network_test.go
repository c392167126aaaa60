package collect

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"bee/audit/collect/machine"
	"bee/audit/report"
)

// tree is a machine's files: lines of a name, a space and the content, or "-> "
// and where a link leads to.
func tree(lines string) fstest.MapFS {
	files := fstest.MapFS{}
	for l := range strings.Lines(lines) {
		name, content, _ := strings.Cut(strings.TrimSpace(l), " ")
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			files[name] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte(target)}
		} else if name != "" {
			files[name] = &fstest.MapFile{Data: []byte(content + "\n")}
		}
	}
	return files
}

const netSample = `
sys/class/net/bonding_masters bond0
sys/class/net/lo -> ../../devices/virtual/net/lo
sys/devices/virtual/net/lo/type 772
sys/class/net/eth0 -> ../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0
sys/class/net/eth1 -> ../../devices/pci0000:00/0000:00:01.0/0000:01:00.1/net/eth1
sys/class/net/eth1v0 -> ../../devices/pci0000:00/0000:00:01.0/0000:01:10.1/net/eth1v0
sys/class/net/ib0 -> ../../devices/pci0000:00/0000:00:02.0/0000:02:00.0/net/ib0
sys/class/net/usb0 -> ../../devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/net/usb0
sys/class/net/vio0 -> ../../devices/pci0000:00/0000:00:03.0/virtio2/net/vio0

sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/driver -> ../../../../bus/pci/drivers/ice
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0/device -> ../../../0000:01:00.0
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0/type 1
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0/address AC:1f:6b:00:00:01
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0/flags 0x1003
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0/carrier 1
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0/operstate up
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0/speed 25000
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0/duplex full
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0/mtu 9000

sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/driver -> ../../../../bus/pci/drivers/ice
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/net/eth1/device -> ../../../0000:01:00.1
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/net/eth1/type 1
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/net/eth1/flags 0x1003
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/net/eth1/carrier 0
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/net/eth1/operstate down
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/net/eth1/speed 25000
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/net/eth1/duplex full

sys/devices/pci0000:00/0000:00:01.0/0000:01:10.1/physfn -> ../0000:01:00.1
sys/devices/pci0000:00/0000:00:01.0/0000:01:10.1/net/eth1v0/device -> ../../../0000:01:10.1

sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0/net/ib0/device -> ../../../0000:02:00.0
sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0/net/ib0/type 32
sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0/net/ib0/flags 0x1002

sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/net/usb0/device -> ../../../1-1:1.0
sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/net/usb0/flags 0x1003
sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/net/usb0/speed 4294967295
sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/net/usb0/carrier 1

sys/devices/pci0000:00/0000:00:03.0/virtio2/driver -> ../../../../bus/virtio/drivers/virtio_net
sys/devices/pci0000:00/0000:00:03.0/virtio2/net/vio0/device -> ../../../virtio2
sys/devices/pci0000:00/0000:00:03.0/virtio2/net/vio0/address 00:00:00:00:00:00
sys/devices/pci0000:00/0000:00:03.0/virtio2/net/vio0/flags 0x1003
sys/devices/pci0000:00/0000:00:03.0/virtio2/net/vio0/carrier 1
sys/devices/pci0000:00/0000:00:03.0/virtio2/net/vio0/speed -1
sys/devices/pci0000:00/0000:00:03.0/virtio2/net/vio0/duplex unknown
sys/devices/pci0000:00/0000:00:03.0/virtio2/net/vio0/operstate unknown
`

func pointer[T any](v T) *T { return &v }

// fromSysfs is what sysfs alone says of netSample.
func fromSysfs() []report.Interface {
	return []report.Interface{
		{Name: "eth0", Type: "ethernet", MACAddress: "ac:1f:6b:00:00:01", Up: true, Link: pointer(true), State: "up", SpeedMbps: 25000,
			Duplex: "full", MTUBytes: 9000, Driver: "ice", BusAddress: "0000:01:00.0"},
		{Name: "eth1", Type: "ethernet", Up: true, Link: pointer(false), State: "down", Driver: "ice", BusAddress: "0000:01:00.1"},
		{Name: "eth1v0", BusAddress: "0000:01:10.1", VirtualFunctionOf: "0000:01:00.1"},
		{Name: "ib0", Type: "infiniband", BusAddress: "0000:02:00.0"},
		{Name: "usb0", Up: true, Link: pointer(true), BusAddress: "1-1:1.0"},
		{Name: "vio0", Up: true, Link: pointer(true), Driver: "virtio_net", BusAddress: "0000:00:03.0"},
	}
}

func checkInterfaces(t *testing.T, r *report.Report, want []report.Interface) {
	t.Helper()
	if len(r.Network.Interfaces) != len(want) {
		t.Fatalf("%d interfaces, want %d: %+v", len(r.Network.Interfaces), len(want), r.Network.Interfaces)
	}
	for i, got := range r.Network.Interfaces {
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("got  %+v\nwant %+v", got, want[i])
		}
	}
}

func TestNetworkWithoutEthtool(t *testing.T) {
	r := audit(t, t.Context(), script{files: tree(netSample)}, network)
	checkInterfaces(t, r, fromSysfs())
	if len(r.Errors) != 0 || r.Collectors[0].Status != report.Done {
		t.Errorf("errors %+v, collectors %+v", r.Errors, r.Collectors)
	}
	if r := audit(t, t.Context(), script{}, network); r.Network != nil || len(r.Errors) != 0 {
		t.Errorf("a kernel without a network: %+v", r)
	}
}

func TestNetwork(t *testing.T) {
	failed := &machine.ExitError{Status: 75}
	m := script{files: tree(netSample), out: map[string]string{}, err: map[string]error{}, stderr: map[string]string{}}
	// Drivers that cannot tell, which is no error.
	for _, name := range []string{"eth1v0", "vio0"} {
		for _, line := range []string{"ethtool -i " + name, "ethtool -P " + name, "ethtool " + name} {
			m.err[line], m.stderr[line] = failed, "netlink error: Operation not supported\n"
		}
	}
	// Ports without a module, and without FEC; a virtual function is not asked.
	for _, name := range []string{"eth0", "eth1", "ib0", "usb0", "vio0"} {
		for _, line := range []string{"ethtool -m " + name, "ethtool -I --show-fec " + name} {
			m.err[line], m.stderr[line] = failed, "netlink error: Input/output error\n"
		}
	}
	delete(m.err, "ethtool -m usb0")
	m.out["ethtool -m usb0"] = "\tIdentifier : 0x03 (SFP)\n\tVendor name : ACME\n"
	m.out["ethtool -i eth0"] = "driver: other\nversion: 6.12.1\nfirmware-version: 4.40 0x8001ba1d\nbus-info: elsewhere\n"
	m.out["ethtool -P eth0"] = "Permanent address: ac:1f:6b:00:00:02\n"
	m.out["ethtool eth0"] = "Settings for eth0:\n\tSupported link modes: 25000baseCR/Full\n\t 100000baseCR4/Full\n\tSpeed: 1Mb/s\n\tDuplex: Half\n" +
		"\tPort: Direct Attach Copper\n\tLink detected: no\n"
	m.out["ip -o address show"] = "2: eth0    inet 192.0.2.10/24 scope global eth0\n5: bond0    inet 198.51.100.7/24 scope global bond0\n"
	m.out["ethtool -i eth1"] = "rubbish"
	m.out["ethtool -P eth1"], m.err["ethtool -P eth1"] = "Permanent address: ac:1f:6b:00:00:03\n", machine.ErrTimeLimit
	m.out["ethtool eth1"] = "Settings for eth1:\n\tSpeed: 25000Mb/s\n\tDuplex: Full\n\tLink detected: no (No cable)\n"
	m.out["ethtool -i usb0"] = "driver: cdc_ether\nfirmware-version: CDC Ethernet Device\nbus-info: usb-0000:00:14.0-1\n"
	m.out["ethtool -P usb0"] = "Permanent address: not set\n"
	m.out["ethtool usb0"] = "Settings for usb0:\n\tSpeed: 1000Mb/s\n\tDuplex: Full\n\tLink detected: yes\n"
	// Switched off: what it says of a link means nothing.
	m.out["ethtool -i ib0"] = "driver: mlx5_core\n"
	m.out["ethtool -P ib0"] = "Permanent address: not set\n"
	m.out["ethtool ib0"] = "Settings for ib0:\n\tSpeed: 100000Mb/s\n\tDuplex: Full\n\tPort: Other\n\tLink detected: no (No cable)\n"
	r := audit(t, t.Context(), m, network)

	want := fromSysfs()
	eth0, eth1, ib0, usb0 := &want[0], &want[1], &want[3], &want[4]
	eth0.DriverVersion, eth0.FirmwareVersion, eth0.PermanentMACAddress = "6.12.1", "4.40 0x8001ba1d", "ac:1f:6b:00:00:02"
	eth0.MaxSpeedMbps, eth0.Port = 100000, "Direct Attach Copper"
	eth1.PermanentMACAddress, eth1.NoLinkReason = "ac:1f:6b:00:00:03", "No cable"
	ib0.Driver, ib0.Port = "mlx5_core", "Other"
	usb0.Module = &report.Module{Type: "SFP", Vendor: "ACME"}
	usb0.Driver, usb0.Link, usb0.SpeedMbps, usb0.Duplex = "cdc_ether", pointer(true), 1000, "full"
	checkInterfaces(t, r, want)

	if len(r.Errors) != 2 || len(r.Collectors[0].Tools) != 3*len(want)+2*(len(want)-1)+1 {
		t.Errorf("errors %+v, tools %+v", r.Errors, r.Collectors[0].Tools)
	}
	if got := r.Network.IPAddresses; len(got) != 2 || got[1] != (report.IPAddress{Interface: "bond0", Address: "198.51.100.7/24"}) {
		t.Errorf("addresses %+v", got)
	}
	kinds := map[report.Kind]bool{}
	for _, e := range r.Errors {
		kinds[e.Kind] = e.Args[1] == "eth1"
	}
	if !kinds[report.BadOutput] || !kinds[report.TimeLimit] {
		t.Errorf("errors %+v", r.Errors)
	}
}

// A driver that hangs costs its own interface only, and not for ever.
func TestNetworkHangs(t *testing.T) {
	defer func(d time.Duration) { deviceLimit = d }(deviceLimit)
	deviceLimit = 500 * time.Millisecond
	wake := make(chan bool)
	defer close(wake)
	m := script{files: tree(netSample)}
	r := audit(t, t.Context(), hanging{m, "sys/class/net/eth0/speed", wake}, network)
	want := fromSysfs()
	want[0] = report.Interface{Name: "eth0"}
	checkInterfaces(t, r, want)
	if len(r.Errors) != 1 || r.Errors[0].Kind != report.Stuck || !strings.Contains(r.Errors[0].Message, "eth0") {
		t.Errorf("errors %+v", r.Errors)
	}
}

// hanging is a machine one of whose files cannot be opened before it is woken.
type hanging struct {
	script
	file string
	wake chan bool
}

func (h hanging) Files() fs.FS { return hangingFiles{h.files, h} }

type hangingFiles struct {
	fstest.MapFS
	h hanging
}

func (f hangingFiles) ReadFile(name string) ([]byte, error) {
	if name == f.h.file {
		<-f.h.wake
		return nil, errors.New("woken")
	}
	return f.MapFS.ReadFile(name)
}

// Without ethtool, the kernel's own files tell an interface's own address, and which
// interfaces are no ports.
func TestInterfacesWithoutEthtool(t *testing.T) {
	const pf = "sys/devices/pci0000:00/0000:01:00.0"
	interfaceOf := func(device string, lines ...string) report.Interface {
		dir := device + "/net/x"
		text := "sys/class/net/x -> ../../../" + dir + "\n" + dir + "/device -> ../..\n" + dir + "/address 02:00:00:00:00:01\n"
		for _, l := range lines {
			text += dir + "/" + l + "\n"
		}
		return audit(t, t.Context(), script{files: tree(text)}, network).Network.Interfaces[0]
	}
	type own struct{ permanent, source, master, function, represents, bus string }
	for name, c := range map[string]struct {
		got  report.Interface
		want own
	}{
		"of a bond":              {interfaceOf(pf, "addr_assign_type 3", "master -> ../bond0", "bonding_slave/perm_hwaddr 02:00:00:00:00:AA"), own{"02:00:00:00:00:aa", "set", "bond0", "", "", "0000:01:00.0"}},
		"of a bond, no address":  {interfaceOf(pf, "master -> ../bond0", "bonding_slave/perm_hwaddr 00:00:00:00:00:00"), own{"", "", "bond0", "", "", "0000:01:00.0"}},
		"of a team":              {interfaceOf(pf, "addr_assign_type 3", "master -> ../team0"), own{"", "set", "team0", "", "", "0000:01:00.0"}},
		"of a bridge":            {interfaceOf(pf, "addr_assign_type 0", "master -> ../br0"), own{"02:00:00:00:00:01", "permanent", "br0", "", "", "0000:01:00.0"}},
		"alone":                  {interfaceOf(pf, "addr_assign_type 0", "phys_port_name p0"), own{"02:00:00:00:00:01", "permanent", "", "", "", "0000:01:00.0"}},
		"made up":                {interfaceOf(pf, "addr_assign_type 1"), own{"", "random", "", "", "", "0000:01:00.0"}},
		"copied":                 {interfaceOf(pf, "addr_assign_type 2"), own{"", "copied", "", "", "", "0000:01:00.0"}},
		"an unknown source":      {interfaceOf(pf, "addr_assign_type 4"), own{"", "", "", "", "", "0000:01:00.0"}},
		"a representor":          {interfaceOf(pf, "phys_port_name pf0vf1"), own{"", "", "", "", "pf0vf1", "0000:01:00.0"}},
		"a representor of many":  {interfaceOf(pf, "phys_port_name c1pf0vf12"), own{"", "", "", "", "c1pf0vf12", "0000:01:00.0"}},
		"a subfunction's":        {interfaceOf(pf, "phys_port_name pf1sf88"), own{"", "", "", "", "pf1sf88", "0000:01:00.0"}},
		"the host's":             {interfaceOf(pf, "phys_port_name pf0hpf"), own{"", "", "", "", "pf0hpf", "0000:01:00.0"}},
		"a port of a switch":     {interfaceOf(pf, "phys_port_name p12s3"), own{"", "", "", "", "", "0000:01:00.0"}},
		"a subfunction":          {interfaceOf(pf + "/mlx5_core.sf.4"), own{"", "", "", "0000:01:00.0", "", "0000:01:00.0"}},
		"another auxiliary part": {interfaceOf(pf + "/mlx5_core.eth.0"), own{"", "", "", "", "", "mlx5_core.eth.0"}},
	} {
		i := c.got
		if got := (own{i.PermanentMACAddress, i.MACAddressSource, i.Master, i.VirtualFunctionOf, i.Represents, i.BusAddress}); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestInfiniBand(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const adapter = "sys/devices/pci0000:80/0000:81:00.0/infiniband/mlx5_0"
	files := fstest.MapFS{
		"sys/class/infiniband/mlx5_0": {Data: []byte("../../devices/pci0000:80/0000:81:00.0/infiniband/mlx5_0"), Mode: fs.ModeSymlink},
		adapter + "/device":           {Data: []byte("../../../0000:81:00.0"), Mode: fs.ModeSymlink},
		adapter + "/fw_ver":           file("28.39.1002\n"), adapter + "/board_id": file("MT_0000000838\n"), adapter + "/node_guid": file("02ac:3e03:0000:0001\n"),
		adapter + "/ports/1/link_layer": file("InfiniBand\n"), adapter + "/ports/1/state": file("4: ACTIVE\n"), adapter + "/ports/1/phys_state": file("5: LinkUp\n"),
		adapter + "/ports/1/rate": file("400 Gb/sec (4X NDR)\n"), adapter + "/ports/1/counters/symbol_error": file("7\n"), adapter + "/ports/1/counters/link_downed": file("0\n"),
		"sys/class/infiniband/mlx5_1/ports/1/link_layer": file("Ethernet\n"),
	}
	ports := infiniBand(files)
	if len(ports) != 1 {
		t.Fatalf("%+v", ports)
	}
	p := ports[0]
	got := fmt.Sprint(p.Device, p.Port, p.BusAddress, p.FirmwareVersion, p.BoardID, p.NodeGUID, p.State, p.PhysicalState, p.Rate, show(p.SymbolErrors), show(p.LinkDowned), show(p.LinkErrorRecovered), show(p.ReceiveErrors))
	if want := "mlx5_01 0000:81:00.028.39.1002MT_000000083802ac:3e03:0000:0001ACTIVELinkUp400 Gb/sec (4X NDR)70--"; strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("%s\nwant %s", got, want)
	}
}
