package main

import (
	"errors"
	"fmt"
	"os"

	"bee/core/iso9660"
	"bee/core/kmsg"
	"bee/core/layers"
)

// check compares all of a medium with the digest that it has of itself. Where it is not the image
// that was written to it, as its files were copied to a stick, that cannot be: it says so, and
// checks the layers.
func (m medium) check(all []layers.Layer) error {
	kmsg.Say("the medium on %s is checked", m.device)
	device, err := os.Open(m.device)
	if err != nil {
		return err
	}
	defer device.Close()
	p := progress{what: "checked"}
	err = iso9660.Verify(device, p.add)
	if err == nil {
		kmsg.Say("the medium is as it was made")
		return nil
	}
	damaged := layers.Check(withoutTrees(all), m.folder()) // so to their ends
	switch {
	case damaged != nil:
		return fmt.Errorf("the medium on %s is damaged: write it anew. %w", m.device, damaged)
	case errors.Is(err, iso9660.ErrNotSealed):
		kmsg.Say("the layers on %s are as they were made; kernel and boot loader cannot be checked: %v, as where files were copied and no image written", m.device, err)
		return nil
	}
	return fmt.Errorf("the medium on %s is damaged: write it anew. The layers are as they were made, but %w", m.device, err)
}
