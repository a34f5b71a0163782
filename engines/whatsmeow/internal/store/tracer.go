package store

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Alarm is told of a failure of the database before whoever made the query sees it.
type Alarm interface {
	// DatabaseFailed: no query of any session can be expected to succeed.
	DatabaseFailed(err error)
	// QueryFailed: the query of this context failed for a reason that is not in its data.
	QueryFailed(ctx context.Context, err error)
}

type tracer struct{ alarm Alarm }

type verdict int

const (
	harmless verdict = iota
	queryFailed
	databaseFailed
)

// judge tells a failed database from a failed query. What our own end of ctx caused is harmless, and so are data
// exceptions (class 22): the library answers for those, and the same bytes would fail again for ever.
func judge(ctx context.Context, err error, connectionLost bool) verdict {
	if err == nil || ctx.Err() != nil || errors.Is(err, context.Canceled) || errors.Is(err, pgx.ErrNoRows) {
		return harmless
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) && len(refused.Code) == 5 {
		switch refused.Code[:2] {
		case "08", "53", "57", "58":
			return databaseFailed
		case "22":
			return harmless
		default:
			return queryFailed
		}
	}
	var network net.Error
	if connectionLost || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return databaseFailed
	}
	return harmless
}

func (t *tracer) sound(ctx context.Context, err error, connectionLost bool) {
	switch judge(ctx, err, connectionLost) {
	case databaseFailed:
		t.alarm.DatabaseFailed(err)
	case queryFailed:
		t.alarm.QueryFailed(ctx, err)
	case harmless:
	}
}

func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (t *tracer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	t.sound(ctx, data.Err, conn.IsClosed())
}

func (t *tracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return ctx
}

// TraceConnectEnd takes every refusal of a connection, a wrong password included, for a failed database.
func (t *tracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	if data.Err != nil && ctx.Err() == nil {
		t.alarm.DatabaseFailed(data.Err)
	}
}

var (
	_ pgx.QueryTracer   = (*tracer)(nil)
	_ pgx.ConnectTracer = (*tracer)(nil)
)
