package secret

import (
	"crypto/rand"
	"math/big"
	"time"
)

// Within is a time by chance, more than nothing and at most the bound, which is
// positive: what is done after it does not show by when.
func Within(bound time.Duration) time.Duration {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(bound)))
	if err != nil {
		panic(err) // crypto/rand's reader returns no errors
	}
	return 1 + time.Duration(n.Int64())
}
