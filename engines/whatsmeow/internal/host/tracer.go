package host

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

type verdict int

const (
	harmless verdict = iota
	queryFailed
	databaseFailed
)

// judge tells a failed database from a failed query. Harmless is what our own end of ctx caused, and what is wrong with
// the data (class 22): the library answers for that, and the same bytes would fail again for ever.
func judge(ctx context.Context, err error, isClosed bool) verdict {
	var refused *pgconn.PgError
	var network net.Error
	switch {
	case err == nil, ctx.Err() != nil, errors.Is(err, context.Canceled), errors.Is(err, pgx.ErrNoRows):
		return harmless
	case errors.As(err, &refused):
		switch (refused.Code + "  ")[:2] {
		case "08", "53", "57", "58":
			return databaseFailed
		case "22":
			return harmless
		}
		if refused.Code == "23503" { // its device is gone: an unlinking overtook it
			return harmless
		}
		return queryFailed
	case isClosed, errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return databaseFailed
	}
	return harmless
}

// tracer hears of the end of every query and connect of the pool, before whoever wanted it does.
type tracer struct{ *Host }

func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (t tracer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	switch judge(ctx, data.Err, conn.IsClosed()) {
	case databaseFailed:
		t.databaseFailed(data.Err)
	case queryFailed:
		t.queryFailed(ctx, data.Err)
	}
}

func (t tracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return ctx
}

// TraceConnectEnd takes every refusal of a connection, a wrong password included, for a failed database.
func (t tracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	if data.Err != nil && ctx.Err() == nil {
		t.databaseFailed(data.Err)
	}
}
