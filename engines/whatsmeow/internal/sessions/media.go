package sessions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"go.mau.fi/whatsmeow"

	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/wire"
)

// media is where a file is and what opens it.
type media struct {
	DirectPath    string `json:"direct_path"`
	MediaKey      []byte `json:"media_key"`
	FileSHA256    []byte `json:"file_sha256"`
	FileEncSHA256 []byte `json:"file_enc_sha256"`
	FileLength    int64  `json:"file_length"`
}

func kindOf(c call) (whatsmeow.MediaType, error) {
	kind := map[string]whatsmeow.MediaType{
		"image": whatsmeow.MediaImage, "video": whatsmeow.MediaVideo, "audio": whatsmeow.MediaAudio,
		"document": whatsmeow.MediaDocument,
	}[c.Kind]
	if kind == "" {
		return "", rpc.Errorf(rpc.InvalidParams, "%q is no kind of media", c.Kind)
	}
	return kind, nil
}

func upload(ctx context.Context, l *link, c call) (any, error) {
	kind, err := kindOf(c)
	if err != nil {
		return nil, err
	}
	files := l.session.host.Files
	plain, err := files.Open(c.File)
	if err != nil {
		return nil, rpc.Errorf(rpc.File, "%v", err)
	}
	defer plain.Close()
	sealed, err := files.Create("event-upload-")
	if err != nil {
		return nil, rpc.Errorf(rpc.File, "%v", err)
	}
	defer files.Remove(filepath.Base(sealed.Name()))
	defer sealed.Close()
	up, err := l.client.UploadReader(ctx, plain, sealed, kind)
	if err != nil {
		return nil, fmt.Errorf("upload: %w", err)
	}
	return wire.Data{
		"url": up.URL, "direct_path": up.DirectPath, "media_key": up.MediaKey, "file_sha256": up.FileSHA256,
		"file_enc_sha256": up.FileEncSHA256, "file_length": up.FileLength,
	}, nil
}

func download(ctx context.Context, l *link, c call) (any, error) {
	kind, err := kindOf(c)
	if err != nil {
		return nil, err
	}
	files := l.session.host.Files
	file, err := files.Create("download-")
	if err != nil {
		return nil, rpc.Errorf(rpc.File, "%v", err)
	}
	name := filepath.Base(file.Name())
	err = l.client.DownloadMediaWithPathToFile(
		ctx, c.DirectPath, c.FileEncSHA256, c.FileSHA256, c.MediaKey, kind, "", false, file)
	size, _ := file.Seek(0, io.SeekEnd)
	if err == nil && c.FileLength > 0 && size != c.FileLength {
		err = rpc.Errorf(rpc.File, "%d bytes came instead of %d", size, c.FileLength)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		files.Remove(name)
		return nil, fmt.Errorf("download: %w", err)
	}
	return wire.Data{"file": name}, nil
}
