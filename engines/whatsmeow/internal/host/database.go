package host

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"go.mau.fi/util/dbutil"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/store/sqlstore/upgrades"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"
)

//go:embed tables.sql
var ownTables string

var errBehind = errors.New("the engine's tables are not those of this version: run `recado db upgrade`")

// database is one pool of connections for all sessions: the library's tables, and whose device is whose.
type database struct {
	*sqlstore.Container
	db *sql.DB
}

// openDatabase prepares the pool; nothing is dialed yet. A query may take as long as limit, or for ever when that is 0.
func openDatabase(o Options, limit time.Duration, trace pgx.QueryTracer, log waLog.Logger) (*database, error) {
	url := os.Getenv(o.DatabaseURLEnv)
	if url == "" {
		return nil, fmt.Errorf("the environment variable %s holds no database URL", o.DatabaseURLEnv)
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	config.Tracer = trace
	const prepare = "SELECT set_config('search_path', quote_ident($1), false), set_config('statement_timeout', $2, false)"
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, prepare, o.Schema, fmt.Sprint(limit.Milliseconds()))
		return err
	}))
	db.SetMaxOpenConns(o.Pool)
	db.SetMaxIdleConns(o.Pool)
	return &database{sqlstore.NewWithDB(db, "postgres", log), db}, nil
}

// Upgrade brings all tables up to date. Concurrent calls wait for one another.
func Upgrade(ctx context.Context, o Options, log *slog.Logger) error {
	o.Pool = 2 // one holds the lock
	d, err := openDatabase(o, 0, nil, &libraryLog{Logger: log})
	if err != nil {
		return err
	}
	defer d.Close()
	lock, err := d.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	if _, err = lock.ExecContext(ctx, ownTables); err == nil {
		err = d.Container.Upgrade(ctx)
	}
	if err = errors.Join(err, lock.Close()); err != nil {
		return fmt.Errorf("upgrade the engine's tables: %w", err)
	}
	return nil
}

// check refuses tables that are behind this program, or ahead of it.
func (d *database) check(ctx context.Context) error {
	var version, compatible int
	err := d.db.QueryRowContext(ctx, `SELECT version, coalesce(compat, version) FROM whatsmeow_version
		WHERE to_regclass('engine_session') IS NOT NULL`).Scan(&version, &compatible)
	var refused *pgconn.PgError
	latest := len(upgrades.Table)
	switch {
	case errors.Is(err, sql.ErrNoRows), errors.As(err, &refused) && refused.Code == "42P01":
		return errBehind
	case err == nil && (version < latest || compatible > latest):
		return errBehind
	case err != nil:
		return fmt.Errorf("look for the engine's tables: %w", err)
	}
	return nil
}

// device is the session's; nil when it has none.
func (d *database) device(ctx context.Context, session string) (*store.Device, error) {
	var jid types.JID
	err := d.db.QueryRowContext(ctx, "SELECT jid FROM engine_session WHERE session = $1", session).Scan(&jid)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, storageError{err}
	}
	return d.GetDevice(ctx, jid)
}

// bind gives the session a device that is about to be stored. What an unlinked device of the same JID left behind goes:
// the library would go on with its keys.
func (d *database) bind(ctx context.Context, session string, jid types.JID) error {
	_, err := d.db.ExecContext(ctx, `WITH
		old AS (DELETE FROM whatsmeow_device WHERE jid = $2),
		other AS (DELETE FROM engine_session WHERE jid = $2 AND session <> $1)
		INSERT INTO engine_session (session, jid) VALUES ($1, $2) ON CONFLICT (session) DO UPDATE SET jid = excluded.jid`,
		session, jid.String())
	return err
}

// forget deletes the session's credentials and all that the library keeps with them.
func (d *database) forget(ctx context.Context, session string) error {
	_, err := d.db.ExecContext(ctx, `WITH gone AS (DELETE FROM engine_session WHERE session = $1 RETURNING jid)
		DELETE FROM whatsmeow_device USING gone WHERE whatsmeow_device.jid = gone.jid`, session)
	if err != nil {
		return storageError{err}
	}
	return nil
}

// plaintexts are messages of the device that were decrypted and not handled.
func (d *database) plaintexts(ctx context.Context, device types.JID) ([][]byte, error) {
	rows, err := d.db.QueryContext(ctx,
		"SELECT plaintext FROM whatsmeow_event_buffer WHERE our_jid = $1 AND plaintext IS NOT NULL", device)
	return dbutil.NewRowIterWithError(rows, dbutil.ScanSingleColumn[[]byte], err).AsList()
}

// secrets is the library's store of what later edits and votes are read with. It takes a statement for each; history
// has thousands.
type secrets struct {
	store.MsgSecretStore
	*link
}

func (s secrets) PutMessageSecrets(ctx context.Context, all []store.MessageSecretInsert) error {
	var chats, senders, ids []string
	var keys [][]byte
	for _, one := range all {
		chats, senders = append(chats, one.Chat.ToNonAD().String()), append(senders, one.Sender.ToNonAD().String())
		ids, keys = append(ids, one.ID), append(keys, one.Secret)
	}
	_, err := s.store.db.ExecContext(ctx, `INSERT INTO whatsmeow_message_secrets (our_jid, chat_jid, sender_jid, message_id, key)
		SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bytea[]) ON CONFLICT DO NOTHING`,
		s.client.Store.ID, chats, senders, ids, keys)
	return err
}
