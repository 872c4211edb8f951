package main

import (
	"cmp"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
)

// write puts a report where -o says, else on stdout.
func (o options) write(stdout io.Writer, text []byte) error {
	if o.output != "" {
		return writeFile(o.output, text)
	}
	_, err := stdout.Write(text)
	return err
}

// writeFile replaces a file as a whole. A link stays one, and what cannot be replaced, such as a pipe or a device, is
// written to.
func writeFile(name string, text []byte) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	mode := os.FileMode(0o666) // less the umask
	old, err := os.Stat(name)
	if err == nil {
		if mode = old.Mode(); !mode.IsRegular() {
			return os.WriteFile(name, text, 0)
		}
	}
	part := name + "." + rand.Text()[:8]
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode.Perm())
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if old != nil {
		err = cmp.Or(err, f.Chmod(mode.Perm()))
	}
	if err = cmp.Or(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		os.Remove(part)
	}
	return err
}
