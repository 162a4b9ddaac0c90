package argon2id

import (
	"bytes"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/crypto/argon2"
	"pgregory.net/rapid"
)

// Whatever an earlier hash left in the memory, the digest is the library's.
//
// Proves: 2.5
func TestKeyIsTheLibrarys(t *testing.T) {
	Keep(2)
	defer Keep(0)
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "password")
		salt := rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "salt")
		passes := rapid.Uint32Range(1, 4).Draw(t, "passes")
		memory := rapid.Uint32Range(0, 500).Draw(t, "memory")
		threads := rapid.SampledFrom([]uint8{1, 1, 1, 2, 4}).Draw(t, "threads")
		size := rapid.Uint32Range(4, 130).Draw(t, "size")
		got := Key(password, salt, passes, memory, threads, size)
		if !bytes.Equal(got, argon2.IDKey(password, salt, passes, memory, threads, size)) {
			t.Fatalf("another digest for m=%d, t=%d, p=%d", memory, passes, threads)
		}
	})
}

// Two hashes at a time never share a piece of memory.
//
// Proves: 2.5
func TestMemoryIsOneHashsAtATime(t *testing.T) {
	Keep(2)
	defer Keep(0)
	salt := make([]byte, 16)
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			password := []byte{byte(worker)}
			want := argon2.IDKey(password, salt, 2, 512, 1, 32)
			for range 20 {
				if !bytes.Equal(Key(password, salt, 2, 512, 1, 32), want) {
					t.Error("two hashes met in one piece of memory")
				}
			}
		})
	}
	all.Wait()
}

// What is kept is what was asked for, and never a piece beyond the bound.
func TestKeep(t *testing.T) {
	defer Keep(0)
	hash := func(memory uint32) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		Key(nil, make([]byte, 16), 1, memory, 1, 32)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	const size, tooMuch = 1 << 10, largest + 4
	for _, step := range []struct {
		name   string
		pieces int
		memory uint32
		anew   bool
	}{
		{"at the start nothing is kept", 0, size, true},
		{"nor from before", 1, size, true},
		{"the next hash finds it", 1, size, false},
		{"a smaller one as well", 1, size / 2, false},
		{"a larger one does not", 1, 2 * size, true},
		{"which then is found", 1, 2 * size, false},
		{"let go", 0, size, true},
		{"one over the bound", 1, tooMuch, true},
		{"is not kept", 1, tooMuch, true},
	} {
		Keep(step.pieces)
		if got := hash(step.memory); (got >= uint64(step.memory)<<10) != step.anew {
			t.Errorf("%s: %d bytes were allocated for %d KiB", step.name, got, step.memory)
		}
	}
}

// Among pieces of several sizes the one that fits is found, and none is kept
// beyond those asked for.
func TestFind(t *testing.T) {
	Keep(2)
	defer Keep(0)
	for _, size := range []int{8, 64, 128} {
		giveBack(make([]block, size))
	}
	if got := find(64); cap(got) != 64 {
		t.Errorf("for 64 blocks a piece of %d was found", cap(got))
	}
	if find(64) != nil {
		t.Error("a third piece was kept, or one that is too small was found")
	}
	if find(8) != nil {
		t.Error("one that is too small did not make way")
	}
}

// The library panics for what has no meaning.
func TestNoPasses(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a hash of no passes")
		}
	}()
	Key(nil, nil, 0, 64, 1, 32)
}
