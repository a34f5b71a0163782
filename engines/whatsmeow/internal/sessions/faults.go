package sessions

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/socket"

	"recado/engines/whatsmeow/internal/rpc"
)

// storageError is the cause of a context that the failed database ended.
type storageError struct{ error }

func (e storageError) Unwrap() error { return e.error }

// faultOf says what an error of the library means for the caller. Whatever may have reached the network is a timeout:
// the caller repeats it with the same id.
func faultOf(l *link, what string, err error) error {
	describe := func(kind rpc.Kind) *rpc.Fault { return rpc.Errorf(kind, "%s: %v", what, err) }
	var (
		refusedByDatabase *pgconn.PgError
		refused           *whatsmeow.IQError
		cut               *whatsmeow.DisconnectedError
	)
	switch cause := context.Cause(l.ctx); {
	case errors.As(cause, new(storageError)), errors.As(err, &refusedByDatabase):
		return describe(rpc.Storage)
	case errors.As(err, &refused):
		return serverFault(describe(rpc.Server), refused.Code)
	case errors.Is(err, whatsmeow.ErrServerReturnedError):
		return serverFault(describe(rpc.Server), trailingNumber(err))
	case errors.Is(err, whatsmeow.ErrNotConnected), errors.Is(err, whatsmeow.ErrNotLoggedIn),
		errors.Is(err, socket.ErrSocketClosed):
		return describe(rpc.NotConnected)
	case errors.As(err, &cut) && cut.Action == "info query":
		return describe(rpc.NotConnected)
	case cause != nil:
		return rpc.Errorf(rpc.Timeout, "%s: no answer before the connection ended: %v", what, cause)
	case errors.As(err, &cut), errors.Is(err, whatsmeow.ErrMessageTimedOut), errors.Is(err, whatsmeow.ErrIQTimedOut),
		errors.Is(err, context.DeadlineExceeded):
		return describe(rpc.Timeout)
	default:
		return describe(rpc.Internal)
	}
}

func serverFault(fault *rpc.Fault, code int) *rpc.Fault {
	fault.Retry = code == 429 || code == 500 || code == 503
	return fault.With("server_code", code)
}

// trailingNumber reads the code at the end of the library's "server returned error 463".
func trailingNumber(err error) int {
	text := err.Error()
	code, _ := strconv.Atoi(text[strings.LastIndexByte(text, ' ')+1:])
	return code
}

func storageFault(err error) error {
	return rpc.Errorf(rpc.Storage, "the database failed: %v", err)
}

func fileFault(err error) error {
	return rpc.Errorf(rpc.File, "%v", err)
}

func sendFault(l *link, to string, err error) error {
	switch {
	case strings.Contains(err.Error(), "no LID found"):
		return rpc.Errorf(rpc.NotOnWhatsApp, "%s has no WhatsApp account", to)
	case errors.Is(err, socket.ErrFrameTooLarge):
		return rpc.Errorf(rpc.InvalidMessage, "the message is too large: %v", err)
	case errors.Is(err, whatsmeow.ErrUnknownServer), errors.Is(err, whatsmeow.ErrRecipientADJID),
		errors.Is(err, whatsmeow.ErrBroadcastListUnsupported):
		return rpc.Errorf(rpc.InvalidParams, "cannot send to %s: %v", to, err)
	default:
		return faultOf(l, fmt.Sprintf("send to %s", to), err)
	}
}

func downloadFault(l *link, err error) error {
	var refused whatsmeow.DownloadHTTPError
	switch {
	case errors.As(err, &refused):
		return serverFault(rpc.Errorf(rpc.Server, "download: %v", err), refused.StatusCode)
	case errors.Is(err, whatsmeow.ErrInvalidMediaSHA256), errors.Is(err, whatsmeow.ErrInvalidMediaEncSHA256),
		errors.Is(err, whatsmeow.ErrInvalidMediaHMAC), errors.Is(err, whatsmeow.ErrTooShortFile):
		return rpc.Errorf(rpc.File, "download: %v", err)
	default:
		return faultOf(l, "download", err)
	}
}
