package housetest

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Visible is by how much the medians of two kinds of tries must differ to be
// told apart: more than a stranger's network lets through anyway. The race
// detector makes every step in Go many times slower, and a difference with it.
func Visible() time.Duration {
	if Race {
		return time.Millisecond
	}
	return 100 * time.Microsecond
}

// Paired are by how much the first of two tries took longer, pair by pair.
type Paired []time.Duration

// More times n more pairs, in random order within each.
func (d *Paired) More(n int, first, second func()) {
	for range 5 {
		first()
		second()
	}
	for range n {
		if rand.N(2) == 0 {
			*d = append(*d, timed(first)-timed(second))
		} else {
			*d = append(*d, -timed(second)+timed(first))
		}
	}
}

// Apart is the median difference, and whether the two are told apart by it: it
// must be Visible, and one as consistent must be unlikely to come by chance.
func (d *Paired) Apart() (median time.Duration, apart bool) {
	const sure = 1e-6
	median, p := d.verdict()
	return median, p < sure && median.Abs() > Visible()
}

// verdict is the median difference, and how likely one as consistent would be
// by chance: Wilcoxon's signed-rank test, two-sided, by the normal
// distribution, which is close from some twenty pairs on.
func (d *Paired) verdict() (median time.Duration, p float64) {
	sorted := slices.SortedFunc(slices.Values(*d), func(a, b time.Duration) int { return cmp.Compare(a.Abs(), b.Abs()) })
	var positive float64 // sum of the ranks; equal ones are too rare to matter
	for rank, difference := range sorted {
		if difference > 0 {
			positive += float64(rank + 1)
		}
	}
	n := float64(len(sorted))
	mean, variance := n*(n+1)/4, n*(n+1)*(2*n+1)/24
	z := (positive - mean) / math.Sqrt(variance)
	slices.Sort(sorted)
	return sorted[len(sorted)/2], math.Erfc(math.Abs(z) / math.Sqrt2)
}

func timed(work func()) time.Duration {
	begin := time.Now()
	work()
	return time.Since(begin)
}
