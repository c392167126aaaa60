// Package lsblk reads what `lsblk -J -b` prints about block devices.
package lsblk

import (
	"fmt"
	"strings"

	"bee/audit/tool/internal/tolerant"
)

// Columns are the columns to ask lsblk for (option -o). Every version that knows
// -J, from 2.27 on, knows them all; it prints a tree where NAME is among them.
const Columns = "NAME,KNAME,TYPE,SIZE,MODEL,SERIAL,REV,VENDOR,WWN,TRAN,SUBSYSTEMS,HCTL,ROTA,RM,LOG-SEC,PHY-SEC," +
	"FSTYPE,LABEL,UUID,MOUNTPOINT,PARTLABEL"

// Device is a block device.
type Device struct {
	Name          tolerant.String `json:"name"`
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

	// What it holds.
	Filesystem     tolerant.String `json:"fstype"`
	Label          tolerant.String `json:"label"`
	UUID           tolerant.String `json:"uuid"`
	MountPoint     tolerant.String `json:"mountpoint"`
	PartitionLabel tolerant.String `json:"partlabel"`
	// Partitions, and what is made of the device: arrays, logical volumes, …
	Children []Device `json:"children"`
}

// Parse reads lsblk's output and returns the devices that hardware stands
// behind, in lsblk's order: disks and optical drives, no loop devices, RAM disks,
// arrays and volumes but as their children. With an error come the devices that
// could be read all the same.
func Parse(out []byte) ([]Device, error) {
	var o struct {
		Devices []Device `json:"blockdevices"`
	}
	err := tolerant.Unmarshal(out, &o)
	if err != nil {
		err = fmt.Errorf("lsblk's output is not the JSON it should be: %w", err)
	}
	var drives []Device
	for _, d := range o.Devices {
		// A disk in the block subsystem alone is made by the kernel (zram, ram, nbd).
		if (d.Type == "disk" || d.Type == "rom") && d.Subsystems != "block" && d.KernelName != "" {
			drives = append(drives, d)
		}
	}
	return drives, err
}

// SMART reports whether the device speaks a protocol that smartctl knows, and
// has a medium: not virtio, MMC or an empty card reader.
func (d Device) SMART() bool {
	if d.Type != "disk" || d.Bytes.Or0() == 0 && d.IsRemovable() {
		return false
	}
	return d.Subsystems == "" || d.NVMe() ||
		strings.Contains(string(d.Subsystems), "scsi") && !strings.Contains(string(d.Subsystems), "virtio")
}

// NVMe reports whether the device is a namespace of an NVMe controller.
func (d Device) NVMe() bool { return strings.HasPrefix(string(d.KernelName), "nvme") }

// IsRemovable reports whether the device has a medium that can be taken out.
func (d Device) IsRemovable() bool {
	rm := d.Removable.Value()
	return rm != nil && *rm
}
