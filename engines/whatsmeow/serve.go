package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"recado/engines/whatsmeow/internal/exchange"
	"recado/engines/whatsmeow/internal/network"
	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/sessions"
	"recado/engines/whatsmeow/internal/store"
)

// serve runs until Recado is gone, silent or says so; all of these are no error.
func serve(ctx context.Context, o options, log *slog.Logger) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
		return fmt.Errorf("read the log level: %w", err)
	}
	log = slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	prepareLibrary(o)
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	peer := rpc.New(frameBytes, log)
	host, err := assemble(life, peer, o, log)
	if err != nil {
		return err
	}
	defer host.Release()
	go host.Version.Refresh(life)
	spoken := make(chan error, 1)
	go func() { spoken <- peer.Speak(os.Stdout) }()
	heard := make(chan error, 1)
	go func() { heard <- peer.Listen(life, os.Stdin) }()
	why, err := mind(ctx, host, o.silence, heard, spoken)
	log.Info("closing all sessions", "because", why)
	host.Stop()
	peer.Hush()
	select {
	case <-spoken:
	case <-time.After(2 * time.Second):
	}
	return err
}

func assemble(life context.Context, peer *rpc.Peer, o options, log *slog.Logger) (*sessions.Host, error) {
	if o.exchange == "" {
		return nil, errors.New("serve needs --exchange")
	}
	reached, err := o.dialed()
	if err != nil {
		return nil, err
	}
	claimed, err := network.NewVersion(o.waVersion, reached, log)
	if err != nil {
		return nil, err
	}
	files, err := exchange.Open(o.exchange)
	if err != nil {
		return nil, err
	}
	parts := sessions.Parts{
		Peer: peer, Files: files, Network: reached, Version: claimed, Log: log, Now: time.Now,
		About: sessions.About{Version: version, Library: libraryVersion(), FrameBytes: frameBytes, Unanswered: unanswered},
	}
	return sessions.New(life, parts, func(alarm store.Alarm) (*store.Store, error) {
		tables, err := o.store(alarm, 30*time.Second, log)
		if err != nil {
			return nil, err
		}
		return tables, tables.Ready(life)
	})
}

// mind closes what is not renewed, and returns why the host has to end.
func mind(
	ctx context.Context, host *sessions.Host, silence time.Duration, heard, spoken <-chan error,
) (why string, err error) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			host.Expire()
			if time.Since(host.Peer.Heard()) > silence {
				return "Recado is silent", nil
			}
		case <-host.Stopped:
			return "Recado asked for it", nil
		case err := <-heard:
			return "stdin ended", err
		case err := <-spoken:
			return "stdout ended", err
		case <-ctx.Done():
			return "asked to terminate", nil
		}
	}
}
