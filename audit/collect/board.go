package collect

import (
	"cmp"
	"context"

	"bee/audit/report"
	"bee/audit/tool/dmidecode"
	"bee/audit/tool/ipmitool"
)

var board = Collector{
	Name:  "board",
	About: "firmware, system, base boards, chassis (dmidecode where it is installed), and the BMC (ipmitool where there is one)",
	Collect: func(ctx context.Context, t *Task) {
		update := func(f func(b *report.Board)) {
			t.Update(func(r *report.Report) {
				r.Board = cmp.Or(r.Board, &report.Board{})
				f(r.Board)
			})
		}
		t.Each(2, func(i int) {
			if i == 0 {
				if !t.Has("dmidecode") {
					return
				}
				if all, ok := structures(ctx, t, "0,1,2,3"); ok {
					found := boardFrom(all)
					update(func(b *report.Board) {
						found.BMC = b.BMC
						*b = *found
					})
				}
			} else if hasBMC(t) {
				if mc, ok := askBMC(ctx, t, ipmitool.ParseMC, "mc", "info"); ok {
					update(func(b *report.Board) { b.BMC = bmcFrom(mc) })
				}
			}
		})
	},
}

// structures runs dmidecode for some SMBIOS types. It is not ok where there is no
// table to read.
func structures(ctx context.Context, t *Task, types string) (all []dmidecode.Structure, ok bool) {
	result := t.Run(ctx, "dmidecode", "-t", types)
	all, err := dmidecode.Parse(result.Stdout)
	if reason := dmidecode.NoTable(result.Stdout, result.Stderr); err != nil && reason != "" && exitStatus(result) != nil {
		t.Explain(result, reason)
	} else {
		t.Check(result, err)
	}
	return all, err == nil
}

func bmcFrom(mc ipmitool.Fields) *report.BMCIdentity {
	return &report.BMCIdentity{
		FirmwareVersion:   mc.Text("Firmware Revision"),
		AuxiliaryFirmware: mc.Text("Aux Firmware Rev Info"),
		ManufacturerID:    mc.Number("Manufacturer ID"),
		Manufacturer:      mc.Text("Manufacturer Name"),
		ProductID:         mc.Number("Product ID"),
		ProductName:       mc.Text("Product Name"),
		IPMIVersion:       mc.Text("IPMI Version"),
	}
}

func boardFrom(all []dmidecode.Structure) *report.Board {
	b := &report.Board{Baseboards: []report.Baseboard{}, Chassis: []report.Chassis{}}
	for _, s := range all {
		switch s.Type {
		case 0:
			b.BIOS = &report.BIOS{
				Vendor:           s.Text("Vendor"),
				Version:          s.Text("Version"),
				ReleaseDate:      s.Text("Release Date"),
				Revision:         s.Text("BIOS Revision"),
				FirmwareRevision: s.Text("Firmware Revision"),
				ROMBytes:         s.Bytes("ROM Size"),
			}
		case 1:
			b.System = &report.System{
				Manufacturer: s.Text("Manufacturer"),
				ProductName:  s.Text("Product Name"),
				Version:      s.Text("Version"),
				SerialNumber: s.Text("Serial Number"),
				UUID:         s.Text("UUID"),
				SKUNumber:    s.Text("SKU Number"),
				Family:       s.Text("Family"),
			}
		case 2:
			b.Baseboards = append(b.Baseboards, report.Baseboard{
				Handle:            s.Handle,
				Type:              s.Enum("Type"),
				Manufacturer:      s.Text("Manufacturer"),
				ProductName:       s.Text("Product Name"),
				Version:           s.Text("Version"),
				SerialNumber:      s.Text("Serial Number"),
				AssetTag:          s.Text("Asset Tag"),
				LocationInChassis: s.Text("Location In Chassis"),
			})
		case 3:
			b.Chassis = append(b.Chassis, report.Chassis{
				Handle:           s.Handle,
				Type:             s.Enum("Type"),
				Manufacturer:     s.Text("Manufacturer"),
				Version:          s.Text("Version"),
				SerialNumber:     s.Text("Serial Number"),
				AssetTag:         s.Text("Asset Tag"),
				SKUNumber:        s.Text("SKU Number"),
				HeightUnits:      s.Within("Height", 1, 100),
				PowerCords:       s.Within("Number Of Power Cords", 1, 100),
				BootUpState:      s.Enum("Boot-up State"),
				PowerSupplyState: s.Enum("Power Supply State"),
				ThermalState:     s.Enum("Thermal State"),
			})
		}
	}
	return b
}
