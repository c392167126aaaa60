// Package lsblk reads what `lsblk -J -b` prints about block devices.
package lsblk

import (
	"encoding/json"
	"fmt"
	"strings"

	"bee/audit/printable"
	"bee/audit/tolerant"
)

// Columns are the columns to ask lsblk for (option -o).
const Columns = "KNAME,TYPE,SIZE,MODEL,SERIAL,REV,VENDOR,WWN,TRAN,SUBSYSTEMS,HCTL,ROTA,RM,LOG-SEC,PHY-SEC"

// Device is a block device without its partitions.
type Device struct {
	KernelName    tolerant.String `json:"kname"`
	Type          tolerant.String `json:"type"`
	Bytes         tolerant.Number `json:"size"`
	Model         tolerant.String `json:"model"`
	Serial        tolerant.String `json:"serial"`
	Revision      tolerant.String `json:"rev"`
	Vendor        tolerant.String `json:"vendor"`
	WWN           tolerant.String `json:"wwn"`
	Transport     tolerant.String `json:"tran"`
	Subsystems    tolerant.String `json:"subsystems"`
	HCTL          tolerant.String `json:"hctl"`
	Rotational    tolerant.Bool   `json:"rota"`
	Removable     tolerant.Bool   `json:"rm"`
	LogicalBlock  tolerant.Number `json:"log-sec"`
	PhysicalBlock tolerant.Number `json:"phy-sec"`
}

// Parse reads lsblk's output and returns the devices that hardware stands
// behind, in lsblk's order: disks and optical drives, no loop devices, RAM disks,
// arrays and volumes.
func Parse(out []byte) ([]Device, error) {
	var o struct {
		Devices []Device `json:"blockdevices"`
	}
	if err := json.Unmarshal(printable.JSON(out), &o); err != nil {
		return nil, fmt.Errorf("lsblk's output is not the JSON it should be: %w", err)
	}
	var drives []Device
	for _, d := range o.Devices {
		// A disk in the block subsystem alone is made by the kernel (zram, ram, nbd).
		if (d.Type == "disk" || d.Type == "rom") && d.Subsystems != "block" && d.KernelName != "" {
			drives = append(drives, d)
		}
	}
	return drives, nil
}

// SMART reports whether the device speaks a protocol that smartctl knows, and
// has a medium: not virtio, MMC or an empty card reader.
func (d Device) SMART() bool {
	if d.Type != "disk" || d.Bytes.Or0() == 0 && d.isRemovable() {
		return false
	}
	return d.Subsystems == "" || d.NVMe() ||
		strings.Contains(string(d.Subsystems), "scsi") && !strings.Contains(string(d.Subsystems), "virtio")
}

// NVMe reports whether the device is a namespace of an NVMe controller.
func (d Device) NVMe() bool { return strings.HasPrefix(string(d.KernelName), "nvme") }

func (d Device) isRemovable() bool {
	rm := d.Removable.Value()
	return rm != nil && *rm
}
