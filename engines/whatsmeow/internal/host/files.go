package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.mau.fi/whatsmeow"

	"recado/engines/whatsmeow/internal/rpc"
)

// openExchange makes the directory private and empties it of what an earlier host left behind.
func openExchange(path string) (*os.Root, error) {
	path, err := filepath.Abs(path)
	if err = errors.Join(err, os.MkdirAll(path, 0o700), os.Chmod(path, 0o700)); err != nil {
		return nil, fmt.Errorf("prepare the exchange directory: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open the exchange directory: %w", err)
	}
	for _, pattern := range []string{"event-*", "download-*", "history-*", "call-*"} {
		names, _ := fs.Glob(root.FS(), pattern)
		for _, name := range names {
			err = errors.Join(err, root.Remove(name))
		}
	}
	return root, err
}

func fileName(prefix string) string { return prefix + rand.Text() }

// keep writes a file for the other side.
func (h *Host) keep(prefix string, content []byte) (name string, err error) {
	name = fileName(prefix)
	return name, h.files.WriteFile(name, content, 0o600)
}

// openFile opens a file that the other side wrote; its name must be a plain one.
func (h *Host) openFile(name string) (*os.File, error) {
	if strings.HasPrefix(name, ".") || strings.Contains(name, "/") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return h.files.Open(name)
}

// content is what came with the call, or in a file.
func (h *Host) content(c call, inline []byte) ([]byte, error) {
	if c.File == "" {
		return inline, nil
	}
	file, err := h.openFile(c.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

func (c call) media() (whatsmeow.MediaType, error) {
	kind := map[string]whatsmeow.MediaType{
		"image": whatsmeow.MediaImage, "video": whatsmeow.MediaVideo, "audio": whatsmeow.MediaAudio,
		"document": whatsmeow.MediaDocument,
	}[c.Kind]
	if kind == "" {
		return "", rpc.Errorf(rpc.InvalidParams, "%q is no kind of media", c.Kind)
	}
	return kind, nil
}

func (l *link) upload(ctx context.Context, c call) (any, error) {
	kind, err := c.media()
	if err != nil {
		return nil, err
	}
	plain, err := l.openFile(c.File)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	up, err := l.client.UploadReader(ctx, plain, nil, kind)
	if err != nil {
		return nil, err
	}
	return object{
		"url": up.URL, "direct_path": up.DirectPath, "media_key": up.MediaKey, "file_sha256": up.FileSHA256,
		"file_enc_sha256": up.FileEncSHA256, "file_length": up.FileLength,
	}, nil
}

func (l *link) download(ctx context.Context, c call) (any, error) {
	kind, err := c.media()
	if err != nil {
		return nil, err
	}
	name := fileName("download-")
	file, err := l.files.Create(name)
	if err != nil {
		return nil, err
	}
	err = l.client.DownloadMediaWithPathToFile(
		ctx, c.DirectPath, c.FileEncSHA256, c.FileSHA256, c.MediaKey, kind, "", false, file)
	if err = errors.Join(err, file.Close()); err != nil {
		_ = l.files.Remove(name)
		return nil, err
	}
	return object{"file": name}, nil
}
