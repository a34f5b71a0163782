package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func sqlState(code string) error { return fmt.Errorf("store: %w", &pgconn.PgError{Code: code}) }

func TestAFailedDatabaseIsToldFromAFailedQuery(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx      context.Context
		err      error
		isClosed bool
		want     verdict
	}{
		"success":                          {err: nil, want: harmless},
		"no rows":                          {err: pgx.ErrNoRows, want: harmless},
		"connection exception":             {err: sqlState("08006"), want: databaseFailed},
		"too many connections":             {err: sqlState("53300"), want: databaseFailed},
		"disk full":                        {err: sqlState("53100"), want: databaseFailed},
		"admin shutdown":                   {err: sqlState("57P01"), want: databaseFailed},
		"statement timeout":                {err: sqlState("57014"), want: databaseFailed},
		"input or output error":            {err: sqlState("58030"), want: databaseFailed},
		"deadlock":                         {err: sqlState("40P01"), want: queryFailed},
		"read only":                        {err: sqlState("25006"), want: queryFailed},
		"unique violation":                 {err: sqlState("23505"), want: queryFailed},
		"a device that is gone":            {err: sqlState("23503"), want: harmless},
		"missing table":                    {err: sqlState("42P01"), want: queryFailed},
		"a NUL in a text":                  {err: sqlState("22021"), want: harmless},
		"end of file":                      {err: fmt.Errorf("read: %w", io.ErrUnexpectedEOF), want: databaseFailed},
		"network":                          {err: &net.OpError{Op: "dial", Err: errors.New("refused")}, want: databaseFailed},
		"without a code, connection gone":  {err: errors.New("conn closed"), isClosed: true, want: databaseFailed},
		"arguments that no query can have": {err: errors.New("unable to encode"), want: harmless},
		"our own end":                      {ctx: ended, err: sqlState("57P01"), isClosed: true, want: harmless},
		"another's cancellation":           {err: fmt.Errorf("query: %w", context.Canceled), isClosed: true, want: harmless},
	} {
		if c.ctx == nil {
			c.ctx = t.Context()
		}
		if got := judge(c.ctx, c.err, c.isClosed); got != c.want {
			t.Errorf("%s: got %d, not %d", name, got, c.want)
		}
	}
}

func TestEveryRefusalOfAConnectionIsAFailedDatabase(t *testing.T) {
	r := newRig(t)
	l := r.online("a")
	refused := pgx.TraceConnectEndData{Err: sqlState("28P01")}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tracer{r.Host}.TraceConnectEnd(ended, refused)
	if l.ctx.Err() != nil {
		t.Fatal("our own end counts")
	}
	tracer{r.Host}.TraceConnectEnd(t.Context(), refused)
	if l.ctx.Err() == nil {
		t.Fatal("a session goes on")
	}
}
