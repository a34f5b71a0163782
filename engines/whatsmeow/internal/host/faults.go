package host

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/socket"

	"recado/engines/whatsmeow/internal/rpc"
)

// faultOf says what an error of the library means for the caller. What may have reached the network is a timeout: the
// caller repeats it with the same id.
func faultOf(err error) error {
	var (
		fault     *rpc.Fault
		database  *pgconn.PgError
		refused   *whatsmeow.IQError
		forbidden whatsmeow.DownloadHTTPError
		cut       *whatsmeow.DisconnectedError
		file      *fs.PathError
	)
	is := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	switch {
	case err == nil, errors.As(err, &fault):
		return err
	case errors.As(err, new(storageError)), errors.As(err, &database):
		return rpc.Errorf(rpc.Storage, "the database failed: %v", err)
	case errors.As(err, &refused):
		return serverFault(err, refused.Code)
	case is(whatsmeow.ErrServerReturnedError):
		code, _ := strconv.Atoi(err.Error()[strings.LastIndexByte(err.Error(), ' ')+1:])
		return serverFault(err, code)
	case is(whatsmeow.ErrNotConnected, whatsmeow.ErrNotLoggedIn, socket.ErrSocketClosed, whatsmeow.ErrIQDisconnected):
		return rpc.Errorf(rpc.NotConnected, "%v", err)
	case errors.As(err, &cut), is(whatsmeow.ErrMessageTimedOut, whatsmeow.ErrIQTimedOut, context.DeadlineExceeded,
		errReplaced, errClosed, errEnded):
		return rpc.Errorf(rpc.Timeout, "%v", err)
	case strings.Contains(err.Error(), "no LID found"):
		return rpc.Errorf(rpc.NotOnWhatsApp, "the recipient has no WhatsApp account")
	case is(socket.ErrFrameTooLarge):
		return rpc.Errorf(rpc.InvalidMessage, "the message is too large: %v", err)
	case is(whatsmeow.ErrUnknownServer, whatsmeow.ErrRecipientADJID, whatsmeow.ErrBroadcastListUnsupported,
		whatsmeow.ErrPhoneNumberTooShort, whatsmeow.ErrPhoneNumberIsNotInternational):
		return rpc.Errorf(rpc.InvalidParams, "%v", err)
	case is(errBadData, whatsmeow.ErrNoPushName):
		return rpc.Errorf(rpc.Server, "%v", err).With("retry", true)
	case is(whatsmeow.ErrMediaDownloadFailedWith403, whatsmeow.ErrMediaDownloadFailedWith404,
		whatsmeow.ErrMediaDownloadFailedWith410):
		return rpc.Errorf(rpc.Gone, "%v", err)
	case errors.As(err, &forbidden):
		return serverFault(err, forbidden.StatusCode)
	case is(whatsmeow.ErrInvalidMediaSHA256, whatsmeow.ErrInvalidMediaEncSHA256, whatsmeow.ErrInvalidMediaHMAC,
		whatsmeow.ErrTooShortFile), is(errBroken), errors.As(err, &file):
		return rpc.Errorf(rpc.File, "%v", err)
	}
	return err
}

func serverFault(err error, code int) error {
	mayPass := code == 429 || code == 500 || code == 503
	return rpc.Errorf(rpc.Server, "%v", err).With("server_code", code).With("retry", mayPass)
}
