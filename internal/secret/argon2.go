package secret

import (
	"encoding/binary"
	"slices"
	"sync"
	_ "unsafe" // for go:linkname

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/blake2b"
)

// A block is what Argon2's memory consists of (RFC 9106, section 3.1).
type block [128]uint64

// The parts of golang.org/x/crypto/argon2 that are hard to get right stay
// theirs: the compression function G, alone and with its result XORed onto
// what out holds, and the hash of any length H'. A version without them does
// not link.
//
//go:linkname compress golang.org/x/crypto/argon2.processBlock
//go:noescape
func compress(out, in1, in2 *block)

//go:linkname compressOnto golang.org/x/crypto/argon2.processBlockXOR
//go:noescape
func compressOnto(out, in1, in2 *block)

//go:linkname hashOfLength golang.org/x/crypto/argon2.blake2bHash
func hashOfLength(out, in []byte)

const (
	argonSlices = 4        // a lane's, the points at which lanes wait for each other
	argonType   = 2        // argon2id
	argonKept   = 64 << 10 // blocks of 1 KiB at most that one hash leaves for the next
)

// argonMemory is what hashes were computed in and the next ones may be.
var argonMemory struct {
	sync.Mutex
	most int // pieces
	free [][]block
}

// KeepMemory lets so many pieces of memory, of at most 64 MiB, wait for the next
// hash: to allocate, clear and collect megabytes for each cost a fifth of a
// sign-in. With zero, as at the start, nothing is kept.
func KeepMemory(pieces int) {
	argonMemory.Lock()
	defer argonMemory.Unlock()
	argonMemory.most = pieces
	argonMemory.free = argonMemory.free[:min(len(argonMemory.free), pieces)]
	if pieces == 0 {
		argonMemory.free = nil
	}
}

func takeMemory(blocks int) []block {
	argonMemory.Lock()
	defer argonMemory.Unlock()
	for i, kept := range argonMemory.free {
		if cap(kept) >= blocks {
			argonMemory.free = slices.Delete(argonMemory.free, i, i+1)
			return kept[:blocks]
		}
	}
	return make([]block, blocks)
}

func keepMemory(blocks []block) {
	argonMemory.Lock()
	defer argonMemory.Unlock()
	if len(argonMemory.free) < argonMemory.most && cap(blocks) <= argonKept {
		argonMemory.free = append(argonMemory.free, blocks)
	}
}

// argon2id is argon2.IDKey (RFC 9106). With a single lane it computes in memory
// that may have been used before, and nowhere but in the calling goroutine, so
// that what the goroutine yields to, hashes yield to (aside).
func argon2id(password, salt []byte, time, memory uint32, threads uint8, size uint32) []byte {
	if threads != 1 {
		return argon2.IDKey(password, salt, time, memory, threads, size)
	}
	blocks := takeMemory(int(max(memory/argonSlices, 2) * argonSlices))
	defer keepMemory(blocks)
	return lane{blocks, time}.hash(argonSeed(password, salt, time, memory, size), size)
}

// argonSeed is H0 of section 3.2, with room for two numbers behind.
func argonSeed(password, salt []byte, time, memory, size uint32) (seed [blake2b.Size + 8]byte) {
	var text []byte
	for _, number := range []uint32{1, size, memory, time, argon2.Version, argonType} {
		text = binary.LittleEndian.AppendUint32(text, number)
	}
	for _, part := range [][]byte{password, salt, nil, nil} { // nil: no secret, no associated data
		text = binary.LittleEndian.AppendUint32(text, uint32(len(part)))
		text = append(text, part...)
	}
	sum := blake2b.Sum512(text)
	copy(seed[:], sum[:])
	return seed
}

// A lane is one hash being computed (section 3.2).
type lane struct {
	blocks []block
	time   uint32
}

func (l lane) hash(seed [blake2b.Size + 8]byte, size uint32) []byte {
	var text [len(block{}) * 8]byte
	for i := range 2 {
		binary.LittleEndian.PutUint32(seed[blake2b.Size:], uint32(i))
		hashOfLength(text[:], seed[:])
		for j := range l.blocks[i] {
			l.blocks[i][j] = binary.LittleEndian.Uint64(text[j*8:])
		}
	}
	for pass := range l.time {
		for slice := range uint32(argonSlices) {
			l.fill(pass, slice)
		}
	}
	for j, word := range l.blocks[len(l.blocks)-1] {
		binary.LittleEndian.PutUint64(text[j*8:], word)
	}
	digest := make([]byte, size)
	hashOfLength(digest, text[:])
	return digest
}

// fill computes the blocks of one slice. In the first pass it writes over what
// another hash left, so nothing needs clearing.
func (l lane) fill(pass, slice uint32) {
	count := uint32(len(l.blocks))
	segment := count / argonSlices
	drawn := addresses{next: block{uint64(pass), 0, uint64(slice), uint64(count), uint64(l.time), argonType}}
	independent := pass == 0 && slice < argonSlices/2
	first := slice * segment
	if first+pass == 0 {
		first = 2 // are there
	}
	for at := first; at < (slice+1)*segment; at++ {
		before := &l.blocks[(at+count-1)%count]
		random := before[0]
		if independent {
			random = drawn.at(at - slice*segment)
		}
		if pass == 0 {
			compress(&l.blocks[at], before, &l.blocks[reference(random, at-1, 0, count)])
			continue
		}
		window := 3*segment + at - slice*segment - 1
		start := (slice + 1) % argonSlices * segment
		compressOnto(&l.blocks[at], before, &l.blocks[reference(random, window, start, count)])
	}
}

// reference chooses among the window's blocks, newer ones more often than older
// ones (section 3.4.2).
func reference(random uint64, window, start, count uint32) uint32 {
	x := random & 0xffffffff
	x = x * x >> 32
	x = x * uint64(window) >> 32
	return uint32((uint64(start) + uint64(window) - 1 - x) % uint64(count))
}

// addresses draw what data-independent slices refer to (section 3.4.1.2).
type addresses struct{ next, drawn block }

func (a *addresses) at(i uint32) uint64 {
	if a.next[6] <= uint64(i)/uint64(len(a.drawn)) {
		var zero block
		a.next[6]++
		compress(&a.drawn, &a.next, &zero)
		compress(&a.drawn, &a.drawn, &zero)
	}
	return a.drawn[int(i)%len(a.drawn)]
}
