package argon2id

import (
	"slices"
	"sync"
)

// largest is the most that one hash leaves for the next, in blocks of 1 KiB.
const largest = 64 << 10

// kept is what hashes were computed in and the next ones may be.
var kept struct {
	sync.Mutex
	most int // pieces
	free [][]block
}

// Keep lets so many pieces of memory, of at most 64 MiB, wait for the next hash: to
// allocate, clear and collect megabytes for each costs a fifth of a sign-in. With
// zero, as at the start, nothing is kept.
func Keep(pieces int) {
	kept.Lock()
	defer kept.Unlock()
	kept.most = pieces
	if len(kept.free) > pieces {
		kept.free = slices.Clone(kept.free[:pieces])
	}
}

// take finds a piece that is large enough, or makes one.
func take(blocks int) []block {
	if piece := find(blocks); piece != nil {
		return piece[:blocks]
	}
	return make([]block, blocks)
}

// find is nil where nothing fits. One piece that is too small makes way then, or
// it would keep its place for ever.
func find(blocks int) []block {
	kept.Lock()
	defer kept.Unlock()
	at := slices.IndexFunc(kept.free, func(piece []block) bool { return cap(piece) >= blocks })
	if last := len(kept.free); at < 0 && last > 0 {
		kept.free = slices.Delete(kept.free, last-1, last)
	}
	if at < 0 {
		return nil
	}
	piece := kept.free[at]
	kept.free = slices.Delete(kept.free, at, at+1)
	return piece
}

func giveBack(piece []block) {
	kept.Lock()
	defer kept.Unlock()
	if len(kept.free) < kept.most && cap(piece) <= largest {
		kept.free = append(kept.free, piece)
	}
}
