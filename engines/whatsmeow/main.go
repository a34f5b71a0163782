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
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"go.mau.fi/libsignal/logger"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/binary/token"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	wastore "go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/proto"

	"recado/engines/whatsmeow/internal/exchange"
	"recado/engines/whatsmeow/internal/network"
	"recado/engines/whatsmeow/internal/rpc"
	"recado/engines/whatsmeow/internal/sessions"
	"recado/engines/whatsmeow/internal/store"
	"recado/engines/whatsmeow/internal/tap"
)

const (
	version    = "0.1.0"
	library    = "go.mau.fi/whatsmeow"
	frameBytes = 1 << 20
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
	o, err := read(args)
	if err != nil {
		return err
	}
	switch command {
	case "serve":
		return serve(o)
	case "upgrade":
		tables, err := o.tables(nil, 0, log)
		if err != nil {
			return err
		}
		return errors.Join(tables.Upgrade(context.Background()), tables.Close())
	case "version":
		about := map[string]any{"engine": "whatsmeow", "version": version, "library": libraryVersion()}
		return json.NewEncoder(os.Stdout).Encode(about)
	case "tokens":
		return json.NewEncoder(os.Stdout).Encode(map[string]any{
			"version": token.DictVersion, "single": token.SingleByteTokens, "double": token.DoubleByteTokens,
		})
	}
	return fmt.Errorf("say what to do: serve, upgrade, version or tokens, not %q", command)
}

type options struct {
	urlEnv, schema, exchange string
	pool                     int
	silence                  time.Duration
	network                  network.Options
	logLevel                 slog.Level
}

// read sets the library's intervals, which are one for the whole process.
func read(args []string) (o options, err error) {
	flags := flag.NewFlagSet("recado-whatsmeow", flag.ContinueOnError)
	flags.StringVar(&o.urlEnv, "database-url-env", "RECADO_ENGINE_DATABASE_URL", "`variable` that holds the database URL")
	flags.StringVar(&o.schema, "schema", "whatsmeow", "schema of the engine's tables")
	flags.IntVar(&o.pool, "pool", 8, "database connections for all sessions")
	flags.StringVar(&o.exchange, "exchange", "", "`directory` for what is larger than a frame")
	flags.DurationVar(&o.silence, "silence", time.Minute, "end when nothing came on stdin for so long")
	flags.StringVar(&o.network.Address, "network", "", "another network than WhatsApp, such as ws://127.0.0.1:7771")
	flags.StringVar(&o.network.RootKey, "root-key", "", "public key, in `hex`, that signs that network's certificates")
	flags.BoolVar(&o.network.AllowRemote, "allow-remote-network", false, "permit a --network that is not loopback")
	flags.StringVar(&o.network.Version, "wa-version", "auto", "WhatsApp `version`: auto, or one like 2.3000.1234567")
	flags.DurationVar(&whatsmeow.KeepAliveIntervalMin, "keepalive-min", 20*time.Second, "least time between pings")
	flags.DurationVar(&whatsmeow.KeepAliveIntervalMax, "keepalive-max", 30*time.Second, "most time between pings")
	flags.DurationVar(&whatsmeow.KeepAliveResponseDeadline, "keepalive-deadline", 10*time.Second, "what a ping may take")
	flags.TextVar(&o.logLevel, "log-level", slog.LevelInfo, "debug, info, warn or error")
	if err = flags.Parse(args); err != nil {
		return o, err
	}
	least, most := whatsmeow.KeepAliveIntervalMin.Milliseconds(), whatsmeow.KeepAliveIntervalMax.Milliseconds()
	if flags.NArg() > 0 || least <= 0 || most <= least || o.pool < 1 {
		err = errors.New("wrong flags: --keepalive-min must be below --keepalive-max, --pool above 0, and nothing may follow")
	}
	return o, err
}

func (o options) tables(alarm store.Alarm, limit time.Duration, log *slog.Logger) (*store.Store, error) {
	url := os.Getenv(o.urlEnv)
	if url == "" {
		return nil, fmt.Errorf("the environment variable %s holds no database URL", o.urlEnv)
	}
	return store.Open(store.Options{
		URL: url, Schema: o.schema, Pool: o.pool, QueryTimeout: limit, Alarm: alarm,
	}, &tap.Log{Logger: log})
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

// serve runs until Recado is gone, silent, or says so.
func serve(o options) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGPIPE) // Recado gets them too, and says what is to be done
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: o.logLevel}))
	out := os.Stdout
	os.Stdout = os.Stderr // nobody else may write into the conversation
	logger.Logger = tap.Signal{Log: &tap.Log{Logger: log}}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	wastore.DeviceProps.Os, wastore.DeviceProps.PlatformType = proto.String("Recado"), waCompanionReg.DeviceProps_CHROME.Enum()
	life, end := context.WithCancel(context.Background())
	defer end()
	host, err := assemble(life, o, log)
	if err != nil {
		return err
	}
	go host.Network.Refresh(life)
	spoken, heard := make(chan error, 1), make(chan error, 1)
	go func() { spoken <- host.Peer.Speak(out) }()
	go func() { heard <- host.Peer.Listen(life, os.Stdin) }()
	why, err := mind(host, o.silence, spoken, heard)
	log.Info("closing all sessions", "because", why)
	host.Stop()
	host.Peer.Hush()
	select {
	case <-spoken:
	case <-time.After(2 * time.Second):
	}
	return err
}

func assemble(life context.Context, o options, log *slog.Logger) (*sessions.Host, error) {
	if o.exchange == "" {
		return nil, errors.New("serve needs --exchange")
	}
	reached, err := network.New(o.network, log)
	if err != nil {
		return nil, err
	}
	files, err := exchange.Open(o.exchange)
	if err != nil {
		return nil, err
	}
	host := sessions.New(life, sessions.Parts{
		Peer: rpc.New(frameBytes, log), Files: files, Network: reached, Log: log, Now: time.Now,
		Version: version, Library: libraryVersion(), FrameBytes: frameBytes, Unanswered: 32,
	})
	if host.Store, err = o.tables(host, 30*time.Second, log); err != nil {
		return nil, err
	}
	return host, host.Store.Ready(life)
}

// mind closes what nobody renews, and returns why the host has to end.
func mind(host *sessions.Host, silence time.Duration, spoken, heard <-chan error) (why string, err error) {
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)
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
		case <-terminate:
			return "the host was asked to terminate", nil
		}
	}
}
