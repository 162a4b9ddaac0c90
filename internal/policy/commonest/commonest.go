// Package commonest knows the 100,000 commonest passwords of eight or more
// characters, so that nobody chooses one of them.
//
// It keeps no passwords: each is hashed to a number below 2^20 times their
// count, and the sorted numbers are stored as Elias and Fano do (the upper
// bits in unary, the lower 20 as they are), 22 bits a password. A password not
// among them is taken for one about once in a million times. The data stays in
// the binary; a look-up allocates nothing for it and takes microseconds.
//
// The data was made by build.go, which says from what.
package commonest

import (
	"crypto/sha256"
	_ "embed" // for the data
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// lowBits decide how seldom a password is taken for a common one: once in
// 2^20 times.
const lowBits = 20

//go:embed commonest.bin
var data string

// Has reports whether password is among the commonest, whatever its case and
// however its letters are composed.
func Has(password string) bool { return has(data, password) }

// has looks password up in what Encode made.
func has(data, password string) bool {
	n := uint64(binary.BigEndian.Uint32([]byte(data[:4])))
	upper, lower := data[4:4+upperBytes(n)], data[4+upperBytes(n):]
	want := place(password, n)
	// The numbers whose upper bits are h stand as ones behind the h-th zero.
	h := want >> lowBits
	for at := afterZero(upper, h); upper[at/8]>>(at%8)&1 == 1; at++ {
		if lowAt(lower, at-h) == want&(1<<lowBits-1) {
			return true
		}
	}
	return false
}

// afterZero finds the bit after the h-th zero (for 0, the first bit).
func afterZero(upper string, h uint64) (at uint64) {
	for ; at/8+8 <= uint64(len(upper)); at += 64 {
		word := binary.LittleEndian.Uint64([]byte(upper[at/8 : at/8+8]))
		zeros := uint64(bits.OnesCount64(^word))
		if zeros >= h {
			break
		}
		h -= zeros
	}
	for ; h > 0; at++ {
		h -= uint64(^upper[at/8] >> (at % 8) & 1)
	}
	return at
}

// lowAt reads the i-th number of 20 bits: two of them share five bytes.
func lowAt(lower string, i uint64) uint64 {
	at := i * lowBits / 8
	three := uint64(lower[at])<<16 | uint64(lower[at+1])<<8 | uint64(lower[at+2])
	if i%2 == 0 {
		return three >> 4
	}
	return three & (1<<lowBits - 1)
}

// Encode makes the data for a list of passwords: their count in four bytes,
// the upper bits, the lower bits.
func Encode(passwords []string) []byte {
	folded := make([]string, len(passwords))
	for i, p := range passwords {
		folded[i] = identity.FoldSearch(p)
	}
	slices.Sort(folded)
	folded = slices.Compact(folded)
	n := uint64(len(folded))
	places := make([]uint64, n)
	for i, p := range folded {
		places[i] = place(p, n)
	}
	slices.Sort(places)

	out := binary.BigEndian.AppendUint32(nil, uint32(n))
	upper := make([]byte, upperBytes(n))
	lower := make([]byte, (n*lowBits+7)/8+1)
	for i, p := range places {
		at := p>>lowBits + uint64(i)
		upper[at/8] |= 1 << (at % 8)
		low, at := p&(1<<lowBits-1), uint64(i)*lowBits/8
		if i%2 == 0 {
			low <<= 4
		}
		lower[at] |= byte(low >> 16)
		lower[at+1] |= byte(low >> 8)
		lower[at+2] |= byte(low)
	}
	return append(append(out, upper...), lower...)
}

// upperBytes has room for n ones, n zeros, and a zero to stop at.
func upperBytes(n uint64) uint64 { return (2*n + 1 + 7) / 8 }

// place hashes a password to a number below n times 2^20.
func place(password string, n uint64) uint64 {
	sum := sha256.Sum256([]byte(identity.FoldSearch(password)))
	hi, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:]), n<<lowBits)
	return hi
}
