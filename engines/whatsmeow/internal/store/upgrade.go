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
var ErrBehind = errors.New("the engine's tables are not those of this version: run `recado db upgrade`")

// Upgrade creates the schema and brings all tables up to date. Concurrent calls wait for one another.
func (s *Store) Upgrade(ctx context.Context) error {
	lock, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer lock.Close()
	if _, err := lock.ExecContext(ctx, "SELECT pg_advisory_lock(hashtextextended('recado.engine.upgrade', 0))"); err != nil {
		return fmt.Errorf("wait for another upgrade: %w", err)
	}
	// The closing of the pool gives the lock back.
	var exists bool
	err = s.db.QueryRowContext(ctx, "SELECT to_regnamespace(quote_ident($1)) IS NOT NULL", s.schema).Scan(&exists)
	if err == nil && !exists {
		_, err = s.db.ExecContext(ctx, "CREATE SCHEMA "+pgx.Identifier{s.schema}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("create the schema %s: %w", s.schema, err)
	}
	// The library looks for its version table in all schemas of the database, so it must be here before.
	_, err = s.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS whatsmeow_version (version integer, compat integer);
		CREATE TABLE IF NOT EXISTS engine_session (session text PRIMARY KEY, jid text NOT NULL)`)
	if err == nil {
		err = s.Container.Upgrade(ctx)
	}
	if err != nil {
		return fmt.Errorf("upgrade the engine's tables: %w", err)
	}
	return nil
}

// Ready refuses a database whose tables are behind this program, or ahead of it.
func (s *Store) Ready(ctx context.Context) error {
	var isThere bool
	err := s.db.QueryRowContext(ctx,
		"SELECT to_regclass('engine_session') IS NOT NULL AND to_regclass('whatsmeow_version') IS NOT NULL").Scan(&isThere)
	if err != nil {
		return fmt.Errorf("look for the engine's tables: %w", err)
	} else if !isThere {
		return ErrBehind
	}
	var version, compatible int
	err = s.db.QueryRowContext(ctx, "SELECT version, coalesce(compat, version) FROM whatsmeow_version").
		Scan(&version, &compatible)
	if latest := len(upgrades.Table); errors.Is(err, sql.ErrNoRows) || err == nil && (version < latest || compatible > latest) {
		return ErrBehind
	}
	return err
}
