package secret

import (
	"encoding/asn1"
	"math/big"
	"testing"
)

// Two tokens that say the same are the same: no random number takes part whose
// repetition would give the key away.
//
// Proves: 2.5
func TestSignaturesAreDeterministic(t *testing.T) {
	k := NewSigningKey(noon)
	if once, again := mustSign(t, k, someClaims()), mustSign(t, k, someClaims()); once != again {
		t.Error("the same claims were signed in two ways")
	}
}

// An integer may be shorter than the curve's, or have a zero in front of it.
func TestSignatureHalvesAreFilled(t *testing.T) {
	full := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	for _, row := range []struct {
		r, s *big.Int
		ok   bool
	}{
		{big.NewInt(1), big.NewInt(255), true},
		{big.NewInt(0x80), new(big.Int).Rsh(full, 9), true},
		{full, full, true},
		{new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1), false},
		{big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 256), false},
		{big.NewInt(-1), big.NewInt(1), false},
	} {
		der, err := asn1.Marshal([]*big.Int{row.r, row.s})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := joseSignature(der)
		if (err == nil) != row.ok {
			t.Errorf("%x, %x: error %v, want ok %v", row.r, row.s, err, row.ok)
		}
		if row.ok && (row.r.Cmp(new(big.Int).SetBytes(raw[:32])) != 0 || row.s.Cmp(new(big.Int).SetBytes(raw[32:])) != 0) {
			t.Errorf("%x, %x became %x", row.r, row.s, raw)
		}
	}
	for _, der := range []string{"", "\x30\x00", "\x30\x03\x02\x01\x01", "\x02\x01\x01"} {
		if _, err := joseSignature([]byte(der)); err == nil {
			t.Errorf("%x is a signature", der)
		}
	}
}
