// Package layer says what is known of a layer of the running system's files, whatever
// it is kept as.
package layer

// MaxContent is how many bytes of a file are read into memory at most; the largest
// that are wanted, dpkg's status files, have a few million.
const MaxContent = 16 << 20

// File is a file of a layer.
type File struct {
	// Path from the root of the layer, beginning with a slash.
	Path string `json:"path"`
	// directory, file, symlink, character device, block device, fifo or socket.
	Type string `json:"type"`
	// Permission bits, octal, such as 0755.
	Mode string `json:"mode"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	// Size and SHA-256 of a regular file. A hard link is the file that it is a link to.
	SizeBytes *int64 `json:"size_bytes,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
	// Where a symbolic link points to.
	Target string `json:"target,omitempty"`
	// Major and minor number of a device, such as 1:3.
	Device string `json:"device,omitempty"`
}
