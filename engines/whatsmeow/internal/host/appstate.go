package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waServerSync"
	"go.mau.fi/whatsmeow/store"
)

// batchItems is how much of app state or history one event holds at most.
const batchItems = 200

var (
	errNotAsked = errors.New("Recado has not asked for it")
	errBadData  = errors.New("the app state is wrong")
)

// ledger is the library's store of app state. Only a fetch that Recado asked for may read it: the library would begin
// others by itself, and tell what they bring at most once. Those fail before any request, and Recado is told that it
// may ask.
type ledger struct {
	store.AppStateStore
	changed func(collection string)
}

// fetchKey marks the context of a fetch that Recado asked for.
type fetchKey struct{}

func (g ledger) GetAppStateVersion(ctx context.Context, name string) (uint64, [128]byte, error) {
	if ctx.Value(fetchKey{}) == nil {
		g.changed(name)
		return 0, [128]byte{}, errNotAsked
	}
	return g.AppStateStore.GetAppStateVersion(ctx, name)
}

// appState tells what has changed in a collection since the version that Recado has, or all of it.
func (l *link) appState(ctx context.Context, c call) (any, error) {
	ctx = context.WithValue(ctx, fetchKey{}, true)
	kept := l.client.Store.AppState
	version, hash, err := kept.GetAppStateVersion(ctx, c.Collection)
	isFull := c.Version == nil || *c.Version != version || version == 0
	if err == nil && isFull {
		version, hash = 0, [128]byte{}
		err = kept.DeleteAppStateVersion(ctx, c.Collection)
	}
	if err != nil {
		return nil, storageError{err}
	}
	set := &entries{place: map[string]int{}}
	version, err = l.read(ctx, appstate.WAPatchName(c.Collection), appstate.HashState{Version: version, Hash: hash}, isFull, set)
	for batch := range slices.Chunk(set.standing(), batchItems) {
		if err == nil {
			err = l.settle("app_state", object{"collection": c.Collection, "items": batch})
		}
	}
	l.change(func(s *session) { s.who.PushName = l.client.Store.PushName }) // it comes with critical_block
	return object{"version": version, "was_full": isFull, "removed": set.removed}, err
}

// read takes what the network answers into set, and gives the version that this is. The library's own fetch does not
// tell of removals, and a full one begins with a snapshot that later patches take from.
func (l *link) read(
	ctx context.Context, name appstate.WAPatchName, state appstate.HashState, isFull bool, set *entries,
) (version uint64, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", errBadData, cause)
		}
	}()
	//lint:ignore SA1019 see above
	library, decoder := l.client.DangerousInternals(), appstate.NewProcessor(l.client.Store, l.client.Log)
	for hasMore, whole := true, isFull; hasMore; whole = false {
		list, err := library.FetchAppStatePatches(ctx, name, state.Version, whole)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errBadData, err)
		}
		mutations, after, err := decoder.DecodePatches(ctx, list, state, true)
		if errors.Is(err, appstate.ErrKeyNotFound) {
			go library.RequestMissingAppStateKeys(context.WithoutCancel(ctx), list)
		}
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errBadData, err)
		}
		for _, one := range mutations {
			if len(one.Index) > 0 {
				set.take(one)
				library.DispatchAppState(ctx, name, one, isFull) // the library's own tables
			}
		}
		state, hasMore = after, list.HasMorePatches
	}
	return state.Version, nil
}

// entries are what is set, in the order in which it was set last.
type entries struct {
	items   []object
	place   map[string]int
	removed int
}

func (e *entries) take(m appstate.Mutation) {
	index := strings.Join(m.Index, "\x00")
	if place, ok := e.place[index]; ok {
		e.items[place] = nil
		delete(e.place, index)
	}
	if m.Operation == waServerSync.SyncdMutation_REMOVE {
		e.removed++
		return
	}
	e.place[index] = len(e.items)
	e.items = append(e.items, object{"index": m.Index, "value": jsonOf(m.Action)})
}

func (e *entries) standing() []object {
	return slices.DeleteFunc(e.items, func(item object) bool { return item == nil })
}
