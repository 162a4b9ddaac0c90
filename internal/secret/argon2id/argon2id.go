// Package argon2id computes argon2id (RFC 9106) as golang.org/x/crypto/argon2
// does, in memory that is used again and on the goroutine that asks for it
// (docs/decisions/0022).
package argon2id

import (
	"encoding/binary"
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
	syncPoints = 4 // into so many slices the passes over a lane are cut
	kind       = 2 // argon2id
)

// Key is argon2.IDKey: time in passes, memory in KiB, size in bytes. With more
// than one lane (threads) it is the library's own, with goroutines of its own.
func Key(password, salt []byte, time, memory uint32, threads uint8, size uint32) []byte {
	if threads != 1 || time == 0 { // for which it panics
		return argon2.IDKey(password, salt, time, memory, threads, size)
	}
	blocks := take(int(max(memory/syncPoints, 2) * syncPoints))
	defer giveBack(blocks)
	return lane{blocks, time}.hash(seedOf(password, salt, time, memory, size), size)
}

// seedOf is H0 of section 3.2, with room for two numbers behind.
func seedOf(password, salt []byte, time, memory, size uint32) (seed [blake2b.Size + 8]byte) {
	var text []byte
	for _, number := range []uint32{1, size, memory, time, argon2.Version, kind} {
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
		for slice := range uint32(syncPoints) {
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
	segment := count / syncPoints
	drawn := addresses{next: block{uint64(pass), 0, uint64(slice), uint64(count), uint64(l.time), kind}}
	independent := pass == 0 && slice < syncPoints/2
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
		start := (slice + 1) % syncPoints * segment
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
