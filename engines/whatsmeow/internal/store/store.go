// Package store is the host's database: the library's tables, and which linked device belongs to which session.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	URL, Schema string
	Pool        int
	// QueryTimeout ends a query that takes longer; 0 ends none.
	QueryTimeout time.Duration
	// Alarm may be nil.
	Alarm Alarm
}

// Store is one pool of connections for all sessions.
type Store struct {
	*sqlstore.Container
	db     *sql.DB
	schema string
}

// Open prepares the pool; nothing is dialed yet.
func Open(o Options, log waLog.Logger) (*Store, error) {
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	if o.Alarm != nil {
		config.Tracer = &tracer{o.Alarm}
	}
	const prepare = "SELECT set_config('search_path', quote_ident($1), false), set_config('statement_timeout', $2, false)"
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, prepare, o.Schema, fmt.Sprint(o.QueryTimeout.Milliseconds()))
		return err
	}))
	db.SetMaxOpenConns(o.Pool)
	db.SetMaxIdleConns(o.Pool)
	return &Store{sqlstore.NewWithDB(db, "postgres", log), db, o.Schema}, nil
}

// Device loads the session's linked device; nil when it has none.
func (s *Store) Device(ctx context.Context, session string) (*store.Device, error) {
	var jid types.JID
	err := s.db.QueryRowContext(ctx, "SELECT jid FROM engine_session WHERE session = $1", session).Scan(&jid)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("look up the session's device: %w", err)
	}
	return s.GetDevice(ctx, jid)
}

// Bind gives the session a device that is about to be stored. What an unlinked device of the same JID left behind goes:
// the library would go on with its keys.
func (s *Store) Bind(ctx context.Context, session string, jid types.JID) error {
	return s.execute(ctx, `WITH
		old AS (DELETE FROM whatsmeow_device WHERE jid = $2),
		other AS (DELETE FROM engine_session WHERE jid = $2 AND session <> $1)
		INSERT INTO engine_session (session, jid) VALUES ($1, $2) ON CONFLICT (session) DO UPDATE SET jid = excluded.jid`,
		session, jid.String())
}

// Forget deletes the session's credentials and all that the library keeps with them.
func (s *Store) Forget(ctx context.Context, session string) error {
	return s.execute(ctx, `WITH gone AS (DELETE FROM engine_session WHERE session = $1 RETURNING jid)
		DELETE FROM whatsmeow_device USING gone WHERE whatsmeow_device.jid = gone.jid`, session)
}

func (s *Store) execute(ctx context.Context, query string, args ...any) error {
	if _, err := s.db.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("change the session's device: %w", err)
	}
	return nil
}
