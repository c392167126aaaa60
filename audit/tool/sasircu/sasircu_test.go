package sasircu

import (
	"fmt"
	"testing"

	"bee/audit/report"
	"bee/audit/tool/internal/raidtest"
	"bee/audit/tool/raid"
)

const listSample = `LSI Corporation SAS2 IR Configuration Utility.
Version 20.00.00.00 (2014.09.18)

         Adapter      Vendor  Device                       SubSys  SubSys
 Index    Type          ID      ID    Pci Address          Ven ID  Dev ID
 -----  ------------  ------  ------  -----------------    ------  ------
   0     SAS2308_1     1000h    86h   00h:81h:00h:00h      1000h   0086h
   1     SAS2008       1000h    72h   00h:02h:00h:01h      1000h   0086h
SAS2IRCU: Utility Completed Successfully.
`

const displaySample = `LSI Corporation SAS2 IR Configuration Utility.

Read configuration has been initiated for controller 0
------------------------------------------------------------------------
Controller information
------------------------------------------------------------------------
  Controller type                         : SAS2308_1
  Firmware version                        : 20.00.07.00
  RAID Support                            : Yes
------------------------------------------------------------------------
IR Volume information
------------------------------------------------------------------------
IR volume 1
  Volume ID                               : 286
  Volume Name                             : os
  Status of volume                        : Degraded (DGD)
  Volume wwid                             : 1122334455667788
  RAID level                              : RAID1E
  Size (in MB)                            : 457344
  Physical hard disks                     :
    PHY[0] Enclosure#/Slot#                 : 1:0
    PHY[1] Enclosure#/Slot#                 : 0:0
IR volume 2
  Status of volume                        : Wonderful (WDF)
  Volume wwid                             : x
------------------------------------------------------------------------
Physical device information
------------------------------------------------------------------------
Initiator at ID #0

Device is a Hard disk
  Enclosure #                             : 0
  Slot #                                  : 0
  State                                   : Missing (MIS)
  Manufacturer                            : SEAGATE
  Model Number                            :
  Serial No                               : ACMEGONE
  GUID                                    : N/A
  Drive Type                              : SAS_HDD

Device is a Hard disk
  Enclosure #                             : 1
  Slot #                                  : 0
  SAS Address                             : 5000cca-0-7076-baad
  State                                   : Optimal (OPT)
  Size (in MB)/(in sectors)               : 457862/937703087
  Manufacturer                            : HITACHI
  Model Number                            : HUCACME600
  Firmware Revision                       : A440
  Serial No                               : W7ACME01
  GUID                                    : 5000cca07076baac
  Protocol                                : SAS
  Drive Type                              : SAS_HDD

Device is a Hard disk
  Enclosure #                             : 1
  Slot #                                  : 4
  State                                   : Hot Spare (HSP)
  Size (in MB)/(in sectors)               : 457862/x
  Manufacturer                            : ATA
  Serial No                               : SHORT
  Unit Serial No(VPD)                     : SHORTANDWHOLE
  GUID                                    : 0000000000000000
  Protocol                                : SATA
  Drive Type                              : SATA_SSD

Device is a Enclosure services device
  Enclosure #                             : 1
  Slot #                                  : 8
  State                                   : Standby (SBY)
------------------------------------------------------------------------
Enclosure information
------------------------------------------------------------------------
  Enclosure#                              : 1
SAS2IRCU: Command DISPLAY Completed Successfully.
`

func TestList(t *testing.T) {
	all, err := List([]byte(listSample))
	if want := []Adapter{{"0", "0000:81:00.0"}, {"1", "0000:02:00.1"}}; err != nil || fmt.Sprint(all) != fmt.Sprint(want) {
		t.Errorf("%v, error %v", all, err)
	}
	for out, wrong := range map[string]bool{"SAS3IRCU: MPTLib2 Error 1\n": false, "": true, "0 SAS3008\n": true} {
		if all, err := List([]byte(out)); len(all) != 0 || (err != nil) != wrong {
			t.Errorf("%q: %v, error %v", out, all, err)
		}
	}
}

func TestParse(t *testing.T) {
	c, err := Parse("sas2ircu", Adapter{"0", "0000:81:00.0"}, []byte(displaySample))
	if err != nil {
		t.Fatal(err)
	}
	raidtest.Check(t, []raid.Controller{c})
	d, spare := raidtest.Drive(t, c, "1:0"), raidtest.Drive(t, c, "1:4")
	for _, x := range []struct {
		what      string
		got, want any
	}{
		{"controller", []string{c.Name, c.Model, c.FirmwareVersion, c.PCIAddress, c.State, c.Status}, []string{"sas2ircu 0", "SAS2308_1", "20.00.07.00", "0000:81:00.0", "unknown", ""}},
		{"drives", len(c.Drives), 2},
		{"array", fmt.Sprintf("%+v", c.Arrays[0]), fmt.Sprintf("%+v", report.RAIDArray{
			Name: "1", Label: "os", WWN: "0x600508e0000000008877665544332211", Level: "RAID1E", State: "degraded", Status: "Degraded (DGD)", SizeBytes: 457344 << 20, Members: []string{"1:0"}, MissingMembers: []string{"0:0 ACMEGONE"}})},
		{"unknown state", []string{c.Arrays[1].State, c.Arrays[1].Status, c.Arrays[1].WWN}, []string{"unknown", "Wonderful (WDF)", ""}},
		{"drive", []string{d.Transport, d.Vendor, d.Model, d.SerialNumber, d.FirmwareVersion, d.WWN, d.Member.State, d.Member.Status}, []string{"sas", "HITACHI", "HUCACME600", "W7ACME01", "A440", "0x5000cca07076baac", "ok", "Optimal (OPT)"}},
		{"size", d.SizeBytes, 480103981056},
		{"spins", raidtest.Value(d.Rotational), true},
		{"spare", []any{spare.Member.State, spare.SerialNumber, spare.WWN, spare.Vendor, spare.SizeBytes}, []any{"spare", "SHORTANDWHOLE", "", "", 457862 << 20}},
	} {
		if fmt.Sprint(x.got) != fmt.Sprint(x.want) {
			t.Errorf("%s: %v, want %v", x.what, x.got, x.want)
		}
	}
	if _, err := Parse("sas2ircu", Adapter{}, []byte("SAS2IRCU: there is no controller 0\n")); err == nil {
		t.Error("no error where nothing is said of the adapter")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(displaySample))
	f.Add([]byte(listSample))
	f.Fuzz(func(t *testing.T, out []byte) {
		adapters, _ := List(out)
		for _, a := range append(adapters, Adapter{Number: "0"}) {
			if c, err := Parse("sas3ircu", a, out); err == nil {
				raidtest.Check(t, []raid.Controller{c})
			}
		}
	})
}
