// Command recado-whatsmeow is the engine host on whatsmeow: it speaks docs/engine-protocol.md on stdin and stdout.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	wastore "go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/proto"

	"recado/engines/whatsmeow/internal/network"
	"recado/engines/whatsmeow/internal/store"
	"recado/engines/whatsmeow/internal/tap"
)

const (
	version    = "0.1.0"
	library    = "go.mau.fi/whatsmeow"
	frameBytes = 1 << 20
	unanswered = 32
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if err := run(context.Background(), log, os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		log.Error(err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, log *slog.Logger, args []string) error {
	if len(args) == 0 {
		return errors.New("say what to do: serve, upgrade, version or tokens")
	}
	options, err := readOptions(args[0], args[1:])
	if err != nil {
		return err
	}
	switch args[0] {
	case "serve":
		signal.Ignore(syscall.SIGINT, syscall.SIGPIPE)
		ctx, cancel := signal.NotifyContext(ctx, syscall.SIGTERM)
		defer cancel()
		return serve(ctx, options, log)
	case "upgrade":
		return upgrade(ctx, options, log)
	case "version":
		_, err := fmt.Printf("{\"engine\":\"whatsmeow\",\"version\":%q,\"library\":%q}\n", version, libraryVersion())
		return err
	case "tokens":
		return printTokens(os.Stdout)
	default:
		return fmt.Errorf("%q is none of serve, upgrade, version and tokens", args[0])
	}
}

type options struct {
	urlEnv, schema, exchange, network, rootKey, waVersion, logLevel string
	pool                                                            int
	silence, keepaliveMin, keepaliveMax, keepaliveDeadline          time.Duration
	allowRemote                                                     bool
}

func readOptions(command string, args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
		flags.SetOutput(os.Stdout)
	}
	flags.StringVar(&o.urlEnv, "database-url-env", "RECADO_ENGINE_DATABASE_URL", "environment variable that holds the PostgreSQL URL")
	flags.StringVar(&o.schema, "schema", "whatsmeow", "schema of the engine's tables")
	flags.IntVar(&o.pool, "pool", 8, "database connections for all sessions")
	flags.StringVar(&o.exchange, "exchange", "", "exchange directory")
	flags.DurationVar(&o.silence, "silence", time.Minute, "end when nothing came on stdin for so long")
	flags.StringVar(&o.network, "network", "", "address of another network, such as ws://127.0.0.1:7771")
	flags.StringVar(&o.rootKey, "root-key", "", "public key that signs that network's certificates, in hex")
	flags.BoolVar(&o.allowRemote, "allow-remote-network", false, "permit a --network that is not loopback")
	flags.DurationVar(&o.keepaliveMin, "keepalive-min", 20*time.Second, "least time between pings")
	flags.DurationVar(&o.keepaliveMax, "keepalive-max", 30*time.Second, "most time between pings")
	flags.DurationVar(&o.keepaliveDeadline, "keepalive-deadline", 10*time.Second, "time that a ping may take")
	flags.StringVar(&o.waVersion, "wa-version", "auto", "auto, or a version such as 2.3000.1234567")
	flags.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	if o.keepaliveMin.Milliseconds() >= o.keepaliveMax.Milliseconds() || o.keepaliveMin <= 0 || o.pool < 1 {
		return o, errors.New("--keepalive-min must be below --keepalive-max, and --pool at least 1")
	}
	return o, nil
}

func (o options) store(alarm store.Alarm, limit time.Duration, log *slog.Logger) (*store.Store, error) {
	url := os.Getenv(o.urlEnv)
	if url == "" {
		return nil, fmt.Errorf("the environment variable %s holds no database URL", o.urlEnv)
	}
	return store.Open(store.Options{
		URL: url, Schema: o.schema, Pool: o.pool, QueryTimeout: limit, Alarm: alarm,
	}, tap.NewLog(log, nil))
}

func (o options) dialed() (*network.Network, error) {
	if o.network == "" {
		return network.WhatsApp(), nil
	}
	return network.At(o.network, o.rootKey, o.allowRemote)
}

// prepareLibrary sets what the library keeps in variables of its own, for the whole process.
func prepareLibrary(o options) {
	whatsmeow.KeepAliveIntervalMin = o.keepaliveMin
	whatsmeow.KeepAliveIntervalMax = o.keepaliveMax
	whatsmeow.KeepAliveResponseDeadline = o.keepaliveDeadline
	wastore.DeviceProps.Os = proto.String("Recado")
	wastore.DeviceProps.PlatformType = waCompanionReg.DeviceProps_CHROME.Enum()
}

func upgrade(ctx context.Context, o options, log *slog.Logger) error {
	tables, err := o.store(nil, 0, log)
	if err != nil {
		return err
	}
	return errors.Join(tables.Upgrade(ctx), tables.Close())
}

func libraryVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return library
	}
	for _, module := range info.Deps {
		if module.Path == library {
			return module.Path + " " + module.Version
		}
	}
	return library
}
