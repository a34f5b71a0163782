package host

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"go.mau.fi/libsignal/logger"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	"go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/proto"
)

// Options are what is set on the command line.
type Options struct {
	Version, Library       string // what hello tells of the program
	DatabaseURLEnv, Schema string
	Pool                   int
	Exchange               string
	Silence                time.Duration
	Network, RootKey       string // none: WhatsApp itself
	AllowRemoteNetwork     bool
	WAVersion              string // auto, or one like 2.3000.1234567
	LogLevel               slog.Level
}

var (
	errSilent = errors.New("Recado is silent")
	errAsked  = errors.New("Recado asked for it")
	errGone   = errors.New("stdin ended")
)

// Serve runs until Recado is gone, silent, or says so.
func Serve(o Options) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGPIPE) // Recado gets them too, and says what is to be done
	terminated, forget := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer forget()
	ending, end := context.WithCancelCause(terminated)
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: o.LogLevel}))
	out := os.Stdout
	os.Stdout = os.Stderr // nobody else may write into the conversation
	logger.Logger = signalLog{&libraryLog{Logger: log}}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	store.DeviceProps.Os, store.DeviceProps.PlatformType = proto.String("Recado"), waCompanionReg.DeviceProps_CHROME.Enum()
	h, err := newHost(context.Background(), o, log, end)
	if err == nil {
		err = h.store.check(ending)
	}
	if err != nil {
		return err
	}
	go h.refreshVersion()
	silence := time.AfterFunc(o.Silence, func() { end(errSilent) })
	h.peer.Heard = func() { silence.Reset(o.Silence) }
	spoken := make(chan struct{})
	go func() {
		defer close(spoken)
		end(h.peer.Speak(out))
	}()
	go func() { end(cmp.Or(h.peer.Listen(h.life, os.Stdin, h.handle), errGone)) }()
	<-ending.Done()
	log.Info("closing all sessions", "because", context.Cause(ending).Error())
	endAll(h.held(), "shutdown", nil)
	go h.peer.Hush()
	select {
	case <-spoken:
	case <-time.After(2 * time.Second):
	}
	return nil
}
