package sessions

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"go.mau.fi/whatsmeow"

	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/wire"
)

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
	plain, err := l.session.host.Files.Open(c.File)
	if err != nil {
		return nil, rpc.Errorf(rpc.File, "%v", err)
	}
	defer plain.Close()
	up, err := l.client.UploadReader(ctx, plain, nil, kind)
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
	if err = errors.Join(err, file.Close()); err != nil {
		files.Remove(name)
		return nil, fmt.Errorf("download: %w", err)
	}
	return wire.Data{"file": name}, nil
}
