// Package exchange is the directory through which what is too large for a frame travels.
package exchange

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Directory is the exchange directory; no name leads out of it.
type Directory struct {
	Path string
	root *os.Root
}

// Open makes the directory private and empties it of what an earlier host left behind.
func Open(path string) (*Directory, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("resolve the exchange directory: %w", err)
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return nil, fmt.Errorf("make the exchange directory: %w", err)
	}
	if err := os.Chmod(absolute, 0o700); err != nil {
		return nil, fmt.Errorf("close the exchange directory to others: %w", err)
	}
	root, err := os.OpenRoot(absolute)
	if err != nil {
		return nil, fmt.Errorf("open the exchange directory: %w", err)
	}
	d := &Directory{Path: absolute, root: root}
	return d, d.sweep()
}

func (d *Directory) sweep() error {
	entries, err := os.ReadDir(d.Path)
	if err != nil {
		return fmt.Errorf("list the exchange directory: %w", err)
	}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, "event-") || strings.HasPrefix(name, "download-") {
			if err := d.root.Remove(name); err != nil {
				return fmt.Errorf("remove a left-over: %w", err)
			}
		}
	}
	return nil
}

// Write puts content into a new file and returns its name.
func (d *Directory) Write(prefix string, content []byte) (string, error) {
	file, name, err := d.Create(prefix)
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		d.Remove(name)
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return name, nil
}

// Create opens a new file for writing.
func (d *Directory) Create(prefix string) (*os.File, string, error) {
	name := prefix + rand.Text()
	file, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, "", fmt.Errorf("create %s: %w", name, err)
	}
	return file, name, nil
}

// Open opens a file that the other side wrote.
func (d *Directory) Open(name string) (*os.File, error) {
	if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\x00") {
		return nil, fmt.Errorf("%q is no plain file name", name)
	}
	file, err := d.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return file, nil
}

// Read returns the content of a file that the other side wrote, at most limit bytes.
func (d *Directory) Read(name string, limit int64) ([]byte, error) {
	file, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%s holds more than %d bytes", name, limit)
	}
	return content, nil
}

// Remove deletes a file of ours; one that is gone already is no error worth telling.
func (d *Directory) Remove(name string) { _ = d.root.Remove(name) }
