// Package layer is what the readers of layers have in common.
package layer

// MaxContent is how many bytes of a file are read into memory at most; the largest
// that are wanted, dpkg's status files, have a few million.
const MaxContent = 16 << 20
