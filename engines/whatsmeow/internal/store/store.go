// Package store is the host's database: the library's tables, and which linked device belongs to which session.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// Options say where the database is and how it is used.
type Options struct {
	URL    string
	Schema string
	Pool   int
	// QueryTimeout ends a query that takes longer; 0 lets every query run.
	QueryTimeout time.Duration
	// Alarm may be nil.
	Alarm Alarm
}

// Store is one pool of connections for all sessions.
type Store struct {
	db        *sql.DB
	schema    string
	container *sqlstore.Container

	mu    sync.Mutex
	swept time.Time
}

// Open prepares the pool; nothing is dialed yet.
func Open(options Options, log waLog.Logger) (*Store, error) {
	config, err := pgx.ParseConfig(options.URL)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	if _, named := config.RuntimeParams["application_name"]; !named {
		config.RuntimeParams["application_name"] = "recado-whatsmeow"
	}
	if options.Alarm != nil {
		config.Tracer = &tracer{alarm: options.Alarm}
	}
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx,
			"SELECT set_config('search_path', quote_ident($1), false), set_config('statement_timeout', $2, false)",
			options.Schema, fmt.Sprint(options.QueryTimeout.Milliseconds()))
		return err
	}))
	db.SetMaxOpenConns(options.Pool)
	db.SetMaxIdleConns(options.Pool)
	return &Store{db: db, schema: options.Schema, container: sqlstore.NewWithDB(db, "postgres", log)}, nil
}

// Close ends all connections.
func (s *Store) Close() error { return s.db.Close() }

// Device loads the session's linked device; nil when it has none.
func (s *Store) Device(ctx context.Context, session string) (*store.Device, error) {
	var text string
	err := s.db.QueryRowContext(ctx, "SELECT jid FROM engine_session WHERE session = $1", session).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up the session's device: %w", err)
	}
	jid, err := types.ParseJID(text)
	if err != nil {
		return nil, fmt.Errorf("read the session's device: %w", err)
	}
	device, err := s.container.GetDevice(ctx, jid)
	if err != nil {
		return nil, fmt.Errorf("load the session's device: %w", err)
	}
	return device, nil
}

// NewDevice makes keys for a device that is to be linked; nothing is stored.
func (s *Store) NewDevice() *store.Device { return s.container.NewDevice() }

// Bind gives the session a device that is about to be stored. What an unlinked device of the same number left behind
// goes: the library would keep its old keys.
func (s *Store) Bind(ctx context.Context, session string, jid types.JID) error {
	return s.transact(ctx, "bind the session to its device",
		statement{"DELETE FROM whatsmeow_device WHERE jid = $1", []any{jid.String()}},
		statement{"DELETE FROM engine_session WHERE jid = $1", []any{jid.String()}},
		statement{"INSERT INTO engine_session (session, jid) VALUES ($1, $2)" +
			" ON CONFLICT (session) DO UPDATE SET jid = excluded.jid", []any{session, jid.String()}},
	)
}

// Forget deletes the session's credentials and all that the library keeps with them.
func (s *Store) Forget(ctx context.Context, session string) error {
	return s.transact(ctx, "forget the session's device",
		statement{"DELETE FROM whatsmeow_device WHERE jid =" +
			" (SELECT jid FROM engine_session WHERE session = $1)", []any{session}},
		statement{"DELETE FROM engine_session WHERE session = $1", []any{session}},
	)
}

type statement struct {
	query string
	args  []any
}

func (s *Store) transact(ctx context.Context, what string, statements ...statement) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement.query, statement.args...); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// SweepDue is true at most twice a day: the library would let every session delete the old events of all of them.
func (s *Store) SweepDue() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.swept) < 12*time.Hour {
		return false
	}
	s.swept = time.Now()
	return true
}
