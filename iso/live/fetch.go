package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/kmsg"
	"bee/core/layers"
)

const (
	// networkProgram brings the network up, as it does on the live system. On the base alpine,
	// Alpine's initramfs has done so.
	networkProgram = "/usr/local/lib/bee/network"
	// waitForServer is how long a server may be out of reach, from the last byte that came on: a
	// switch may take two minutes until it lets a link through.
	waitForServer = 4 * time.Minute
)

// fetch fetches the layers, by HTTP, into memory. Who sends them does not matter, as they have
// digests.
func fetch(url string, all []layers.Layer) (source, error) {
	if err := mountMemory(0); err != nil {
		return source{}, err
	}
	kmsg.Say("fetching the layers from %s", url)
	if initramfs {
		stop, err := startNetwork()
		if err != nil {
			return source{}, err
		}
		defer stop()
	}
	all = wanted(all)
	for _, layer := range all {
		if err := fetchLayer(layer, url+"/"+layers.Folder+"/"+layer.Name); err != nil {
			return source{}, err
		}
	}
	kmsg.Say("all layers are in memory")
	return source{filepath.Join(inMemory, layers.Folder), withoutTrees(all)}, nil
}

// fetchLayer tries until the server has been out of reach for too long.
func fetchLayer(layer layers.Layer, url string) error {
	last, told := time.Now(), time.Now()
	for {
		loadDrivers()
		came, err := download(layer, url)
		if err == nil {
			return nil
		}
		if came > 0 {
			last = time.Now()
		}
		if time.Since(last) > waitForServer || permanent(err) {
			return err
		}
		if time.Since(told) > often {
			kmsg.Say("%v; it is tried again", err)
			told = time.Now()
		}
		time.Sleep(time.Second)
	}
}

// permanent tells whether a download comes to nothing however often it is tried: the machine has
// no room, or the server has no such file, or another one.
func permanent(err error) bool {
	return errors.Is(err, errNoRoom) || errors.Is(err, layers.ErrDamaged) || strings.Contains(err.Error(), " 404 ")
}

// download has busybox, which is there on both bases, fetch a layer, and tells how much of it came.
func download(layer layers.Layer, url string) (came int64, err error) {
	var said bytes.Buffer
	wget := exec.Command("busybox", "wget", "-q", "-T", "30", "-O", "-", url)
	wget.Stderr = &said
	stream, err := wget.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := wget.Start(); err != nil {
		return 0, err
	}
	came, err = keep(layers.Folder+"/"+layer.Name, func(to io.Writer) error { return layer.Copy(to, stream, url) })
	stream.Close() // it ends wget, where there was no room
	failed := wget.Wait()
	switch {
	case errors.Is(err, unix.ENOSPC):
		return came, fmt.Errorf("%w: %w", errNoRoom, err)
	case failed != nil: // so the digest is of a part
		return came, fmt.Errorf("%s: %s (%w)", url, strings.Join(strings.Fields(said.String()), " "), failed)
	}
	return came, err
}

// startNetwork brings the network up, until stop is called. What an interface has then it keeps:
// the live system begins anew with DHCP.
func startNetwork() (stop func(), err error) {
	log, err := os.Create(place + "/network.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	network := exec.Command(networkProgram)
	network.Stdout, network.Stderr = log, log
	if err := network.Start(); err != nil {
		return nil, fmt.Errorf("this initramfs is not for a boot over the network, which has net.img: %w", err)
	}
	return func() {
		network.Process.Kill()
		network.Wait()
		files, _ := filepath.Glob("/run/udhcpc.*.pid") // the pattern is good
		for _, file := range files {
			text, _ := os.ReadFile(file)
			if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
				unix.Kill(pid, unix.SIGKILL)
			}
			os.Remove(file)
		}
		os.RemoveAll("/run/bee") // its log, and the name servers of leases
	}, nil
}
