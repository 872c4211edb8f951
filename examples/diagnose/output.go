package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"

	"github.com/canpull/canpull/checks"
)

// write puts a report where -o says, else on stdout.
func (o options) write(stdout io.Writer, text []byte) error {
	if o.output != "" {
		return writeFile(o.output, text, 0o666)
	}
	_, err := stdout.Write(text)
	return err
}

// captured writes the facts where -capture says, for their owner to read only: they show how an account is built.
func (o options) captured(ctx context.Context, s checks.Snapshot) error {
	if o.redact {
		var err error
		if s, err = checks.Redact(context.WithoutCancel(ctx), s); err != nil { // which takes no time worth interrupting
			return err
		}
	}
	var b bytes.Buffer
	if err := checks.Capture(&b, s); err != nil {
		return err
	}
	return writeFile(o.capture, b.Bytes(), 0o600)
}

// writeFile replaces a file as a whole, with these permissions (less the umask) or, where it has had fewer, with those. A
// link stays one, and what cannot be replaced, such as a pipe or a device, is written to.
func writeFile(name string, text []byte, mode os.FileMode) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	old, err := os.Stat(name)
	if err == nil {
		if !old.Mode().IsRegular() {
			return os.WriteFile(name, text, 0)
		}
		mode &= old.Mode()
	}
	part := name + "." + rand.Text()[:8]
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if old != nil {
		err = cmp.Or(err, f.Chmod(mode))
	}
	if err = cmp.Or(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		os.Remove(part)
	}
	return err
}
