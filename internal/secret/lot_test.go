package secret

import (
	"math"
	"testing"
)

// The parts follow one another, and each holds its lots.
func TestNewLotIn(t *testing.T) {
	for _, parts := range []int{1, 2, 3, 200_000} {
		last := int64(-1)
		for part := range parts {
			lot := NewLotIn(part, parts)
			if lot <= last {
				t.Fatalf("part %d of %d: %d is not after %d", part, parts, lot, last)
			}
			if first := float64(part) / float64(parts) * math.MaxInt64; float64(lot) < first*0.999999 {
				t.Fatalf("part %d of %d: %d, the part begins at %.0f", part, parts, lot, first)
			}
			last = lot
		}
	}
}
