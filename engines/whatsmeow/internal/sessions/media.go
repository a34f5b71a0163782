package sessions

import (
	"context"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow"

	"recado/engines/whatsmeow/internal/rpc"
)

const mediaLimit = 10 * time.Minute

func mediaType(kind string) (whatsmeow.MediaType, error) {
	switch kind {
	case "image":
		return whatsmeow.MediaImage, nil
	case "video":
		return whatsmeow.MediaVideo, nil
	case "audio":
		return whatsmeow.MediaAudio, nil
	case "document":
		return whatsmeow.MediaDocument, nil
	default:
		return "", rpc.Errorf(rpc.InvalidParams, "%q is no kind of media", kind)
	}
}

type uploadParams struct {
	target
	File string `json:"file"`
	Kind string `json:"kind"`
}

// media is where a file is and what opens it.
type media struct {
	URL           string `json:"url,omitempty"`
	DirectPath    string `json:"direct_path"`
	MediaKey      []byte `json:"media_key"`
	FileSHA256    []byte `json:"file_sha256"`
	FileEncSHA256 []byte `json:"file_enc_sha256"`
	FileLength    int64  `json:"file_length"`
}

func (h *Host) upload(_ context.Context, p uploadParams) (any, error) {
	kind, err := mediaType(p.Kind)
	if err != nil {
		return nil, err
	}
	_, l, err := h.connectedLink(p.target)
	if err != nil {
		return nil, err
	}
	plain, err := h.Files.Open(p.File)
	if err != nil {
		return nil, fileFault(err)
	}
	defer plain.Close()
	sealed, name, err := h.Files.Create("event-upload-")
	if err != nil {
		return nil, fileFault(err)
	}
	defer h.Files.Remove(name)
	defer sealed.Close()
	ctx, cancel := context.WithTimeout(l.ctx, mediaLimit)
	defer cancel()
	up, err := l.client.UploadReader(ctx, plain, sealed, kind)
	if err != nil {
		return nil, faultOf(l, "upload", err)
	}
	return media{up.URL, up.DirectPath, up.MediaKey, up.FileSHA256, up.FileEncSHA256, int64(up.FileLength)}, nil
}

type downloadParams struct {
	target
	media
	Kind string `json:"kind"`
}

func (h *Host) download(_ context.Context, p downloadParams) (any, error) {
	kind, err := mediaType(p.Kind)
	if err != nil {
		return nil, err
	}
	_, l, err := h.connectedLink(p.target)
	if err != nil {
		return nil, err
	}
	file, name, err := h.Files.Create("download-")
	if err != nil {
		return nil, fileFault(err)
	}
	ctx, cancel := context.WithTimeout(l.ctx, mediaLimit)
	defer cancel()
	err = l.client.DownloadMediaWithPathToFile(
		ctx, p.DirectPath, p.FileEncSHA256, p.FileSHA256, p.MediaKey, kind, "", false, file)
	size, _ := file.Seek(0, 2)
	if failed := file.Close(); err == nil {
		err = failed
	}
	if err == nil && p.FileLength > 0 && size != p.FileLength {
		err = fmt.Errorf("%w: %d bytes instead of %d", whatsmeow.ErrInvalidMediaSHA256, size, p.FileLength)
	}
	if err != nil {
		h.Files.Remove(name)
		return nil, downloadFault(l, err)
	}
	return fields{"file": name}, nil
}
