// Package exchange is the directory through which what is too large for a frame travels.
package exchange

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Directory is the path of the exchange directory.
type Directory string

// Open makes the directory private and empties it of what an earlier host left behind.
func Open(path string) (Directory, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		err = errors.Join(os.MkdirAll(path, 0o700), os.Chmod(path, 0o700))
	}
	for _, pattern := range []string{"event-*", "download-*"} {
		names, _ := filepath.Glob(filepath.Join(path, pattern))
		for _, name := range names {
			err = errors.Join(err, os.Remove(name))
		}
	}
	if err != nil {
		return "", fmt.Errorf("prepare the exchange directory: %w", err)
	}
	return Directory(path), nil
}

// Write puts content into a new file and returns its name.
func (d Directory) Write(prefix string, content []byte) (string, error) {
	file, err := d.Create(prefix)
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return filepath.Base(file.Name()), nil
}

// Create opens a new file, of which only the prefix of the name is given.
func (d Directory) Create(prefix string) (*os.File, error) { return os.CreateTemp(string(d), prefix) }

// Open opens a file that the other side wrote; its name must be a plain one.
func (d Directory) Open(name string) (*os.File, error) {
	if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\x00") {
		return nil, fmt.Errorf("%q is no plain file name", name)
	}
	return os.Open(filepath.Join(string(d), name))
}

// Remove deletes a file of ours; no name is no file.
func (d Directory) Remove(name string) {
	if name != "" {
		_ = os.Remove(filepath.Join(string(d), name))
	}
}
