// Command recado-whatsmeow is the engine host on whatsmeow: it speaks docs/engine-protocol.md on stdin and stdout.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/binary/token"

	"recado/engines/whatsmeow/internal/host"
)

const (
	version = "0.1.0"
	library = "go.mau.fi/whatsmeow"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	command, args := "", []string(nil)
	if len(os.Args) > 1 {
		command, args = os.Args[1], os.Args[2:]
	}
	if err := run(command, args, log); err != nil && !errors.Is(err, flag.ErrHelp) {
		log.Error(err.Error())
		os.Exit(1)
	}
}

func run(command string, args []string, log *slog.Logger) error {
	o := host.Options{Version: version, Library: libraryVersion()}
	if err := read(args, &o); err != nil {
		return err
	}
	switch command {
	case "serve":
		return host.Serve(o)
	case "upgrade":
		return host.Upgrade(context.Background(), o, log)
	case "version":
		return json.NewEncoder(os.Stdout).Encode(map[string]any{
			"engine": "whatsmeow", "version": o.Version, "library": o.Library,
		})
	case "tokens":
		return json.NewEncoder(os.Stdout).Encode(map[string]any{
			"version": token.DictVersion, "single": token.SingleByteTokens, "double": token.DoubleByteTokens,
		})
	}
	return fmt.Errorf("say what to do: serve, upgrade, version or tokens, not %q", command)
}

// read sets the library's intervals, which are one for the whole process.
func read(args []string, o *host.Options) error {
	f := flag.NewFlagSet("recado-whatsmeow", flag.ContinueOnError)
	f.StringVar(&o.DatabaseURLEnv, "database-url-env", "RECADO_ENGINE_DATABASE_URL", "`variable` that holds the database URL")
	f.StringVar(&o.Schema, "schema", "whatsmeow", "schema of the engine's tables")
	f.IntVar(&o.Pool, "pool", 8, "database connections for all sessions")
	f.StringVar(&o.Exchange, "exchange", "", "`directory` for what is larger than a frame")
	f.DurationVar(&o.Silence, "silence", time.Minute, "end when nothing came on stdin for so long")
	f.StringVar(&o.Network, "network", "", "another network than WhatsApp, such as ws://127.0.0.1:7771")
	f.StringVar(&o.RootKey, "root-key", "", "public key, in `hex`, that signs that network's certificates")
	f.BoolVar(&o.AllowRemoteNetwork, "allow-remote-network", false, "permit a --network that is not loopback")
	f.StringVar(&o.WAVersion, "wa-version", "auto", "WhatsApp `version`: auto, or one like 2.3000.1234567")
	f.DurationVar(&whatsmeow.KeepAliveIntervalMin, "keepalive-min", 20*time.Second, "least time between pings")
	f.DurationVar(&whatsmeow.KeepAliveIntervalMax, "keepalive-max", 30*time.Second, "most time between pings")
	f.DurationVar(&whatsmeow.KeepAliveResponseDeadline, "keepalive-deadline", 10*time.Second, "what a ping may take")
	f.TextVar(&o.LogLevel, "log-level", slog.LevelInfo, "debug, info, warn or error")
	if err := f.Parse(args); err != nil {
		return err
	}
	least, most := whatsmeow.KeepAliveIntervalMin.Milliseconds(), whatsmeow.KeepAliveIntervalMax.Milliseconds()
	if f.NArg() > 0 || least <= 0 || most <= least || o.Pool < 1 {
		return errors.New("wrong flags: --keepalive-min must be below --keepalive-max, --pool above 0, and nothing may follow")
	}
	return nil
}

func libraryVersion() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == library {
			return library + " " + module.Version
		}
	}
	return library
}
