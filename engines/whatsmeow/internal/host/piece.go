package host

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// How large a piece of history may be when it is unpacked, and a conversation in it.
const maxPiece, maxConversation = 1 << 30, 128 << 20

var errBroken = errors.New("the piece of history is broken")

func broken(cause any) error { return fmt.Errorf("%w: %v", errBroken, cause) }

// piece is a packed waHistorySync.HistorySync. No more than one conversation of it is in memory.
type piece struct{ io.ReadSeeker }

func areBeside(number protowire.Number) bool        { return number > 3 }
func areConversations(number protowire.Number) bool { return number == 2 }

// fields visits those fields of the piece that are wanted and have a length, tag and all.
func (p piece) fields(areWanted func(protowire.Number) bool, visit func(field []byte) error) error {
	if _, err := p.Seek(0, io.SeekStart); err != nil {
		return err
	}
	unpacked, err := zlib.NewReader(p)
	if err != nil {
		return broken(err)
	}
	limited := &io.LimitedReader{R: unpacked, N: maxPiece}
	in := bufio.NewReader(limited)
	for {
		field, err := next(in, areWanted)
		if errors.Is(err, io.EOF) && limited.N > 0 {
			return nil
		} else if err != nil {
			return broken(err)
		} else if field == nil {
			continue
		} else if err = visit(field); err != nil {
			return err
		}
	}
}

// next reads a field; it is nil when it is not wanted. io.EOF is the end.
func next(in *bufio.Reader, areWanted func(protowire.Number) bool) (field []byte, err error) {
	tag, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	number, kind := protowire.DecodeTag(tag)
	var size uint64
	switch kind {
	case protowire.VarintType:
		_, err = binary.ReadUvarint(in)
	case protowire.Fixed32Type:
		size = 4
	case protowire.Fixed64Type:
		size = 8
	case protowire.BytesType:
		size, err = binary.ReadUvarint(in)
	default:
		err = fmt.Errorf("a field of kind %d", kind)
	}
	switch isWanted := kind == protowire.BytesType && areWanted(number); {
	case err != nil:
	case !isWanted:
		_, err = in.Discard(int(size))
	case size > maxConversation:
		err = fmt.Errorf("a field of %d bytes", size)
	default:
		field = protowire.AppendVarint(protowire.AppendTag(nil, number, kind), size)
		head := len(field)
		field = append(field, make([]byte, size)...)
		_, err = io.ReadFull(in, field[head:])
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return field, err
}

// tell reads the piece twice: first what stands beside the conversations, for they are understood by it.
func (p piece) tell(t *telling) error {
	var beside waHistorySync.HistorySync
	err := p.fields(areBeside, func(field []byte) error { return merge(field, &beside) })
	if err == nil {
		err = t.preface(&beside)
	}
	if err == nil {
		err = p.fields(areConversations, func(field []byte) error { return t.unless(t.conversation(field)) })
	}
	if err == nil {
		err = t.flush()
	}
	return err
}

// merge adds fields to a message.
func merge(fields []byte, into proto.Message) error {
	if err := (proto.UnmarshalOptions{AllowPartial: true, Merge: true}).Unmarshal(fields, into); err != nil {
		return broken(err)
	}
	return nil
}
