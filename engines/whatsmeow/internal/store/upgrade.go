package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"go.mau.fi/whatsmeow/store/sqlstore/upgrades"
)

// ErrBehind says that the tables are not those of this program.
var ErrBehind = errors.New("the engine's tables are not up to date: run `recado db upgrade`")

// Upgrade creates the schema and brings all tables up to date. Concurrent calls wait for one another.
func (s *Store) Upgrade(ctx context.Context) error {
	lock, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer lock.Close()
	const key = "hashtextextended('recado.engine.upgrade', 0)"
	if _, err := lock.ExecContext(ctx, "SELECT pg_advisory_lock("+key+")"); err != nil {
		return fmt.Errorf("wait for another upgrade: %w", err)
	}
	defer func() { _, _ = lock.ExecContext(ctx, "SELECT pg_advisory_unlock("+key+")") }()
	if err := s.createSchema(ctx); err != nil {
		return err
	}
	if err := s.container.Upgrade(ctx); err != nil {
		return fmt.Errorf("upgrade the library's tables: %w", err)
	}
	_, err = s.db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS engine_session (session text PRIMARY KEY, jid text NOT NULL)")
	if err != nil {
		return fmt.Errorf("create the table of sessions: %w", err)
	}
	return nil
}

// createSchema makes the version table itself: the library looks for it in all schemas of the database.
func (s *Store) createSchema(ctx context.Context) error {
	name := pgx.Identifier{s.schema}.Sanitize()
	var exists bool
	err := s.db.QueryRowContext(ctx, "SELECT to_regnamespace(quote_ident($1)) IS NOT NULL", s.schema).Scan(&exists)
	if err == nil && !exists {
		_, err = s.db.ExecContext(ctx, "CREATE SCHEMA "+name)
	}
	if err != nil {
		return fmt.Errorf("create the schema %s: %w", s.schema, err)
	}
	_, err = s.db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS whatsmeow_version (version integer, compat integer)")
	if err != nil {
		return fmt.Errorf("create the library's version table: %w", err)
	}
	return nil
}

// Ready refuses a database whose tables are behind this program, or ahead of it.
func (s *Store) Ready(ctx context.Context) error {
	var present bool
	err := s.db.QueryRowContext(ctx,
		"SELECT to_regclass('engine_session') IS NOT NULL AND to_regclass('whatsmeow_version') IS NOT NULL").Scan(&present)
	if err != nil {
		return fmt.Errorf("look for the engine's tables: %w", err)
	}
	if !present {
		return ErrBehind
	}
	var version, compatible int
	err = s.db.QueryRowContext(ctx, "SELECT version, coalesce(compat, version) FROM whatsmeow_version").Scan(&version, &compatible)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrBehind
	}
	if err != nil {
		return fmt.Errorf("read the version of the engine's tables: %w", err)
	}
	if latest := len(upgrades.Table); version < latest || compatible > latest {
		return fmt.Errorf("%w (they are version %d, this program knows %d)", ErrBehind, version, latest)
	}
	return nil
}
