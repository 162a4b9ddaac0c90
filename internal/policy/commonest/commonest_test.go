package commonest

import (
	"fmt"
	"testing"
)

func TestHas(t *testing.T) {
	for _, test := range []struct {
		name, password string
		common         bool
	}{
		{"the commonest of all", "password", true},
		{"digits in a row", "12345678", true},
		{"a keyboard's row", "qwertyuiop", true},
		{"a word and a digit", "password1", true},
		{"a word", "football", true},
		{"capitals do not help", "PassWord1", true},
		{"a phrase is not common", "correct horse battery staple", false},
		{"chance is not common", "8fjw0-qpxm3", false},
		{"nothing at all", "", false},
		{"far too long", string(make([]byte, 5000)), false},
	} {
		if got := Has(test.password); got != test.common {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// What was put in is found, and hardly anything else.
func TestEncode(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 8, 9, 1000, 4321} {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("In the list %d", i))
		}
		made := string(Encode(append(list, list[0])))
		for _, p := range list {
			if !has(made, p) {
				t.Fatalf("%q of %d is not found", p, n)
			}
		}
		for i := range 20_000 / n {
			if p := fmt.Sprintf("not in it %d", i); has(made, p) {
				t.Errorf("%q is found among %d", p, n)
			}
		}
	}
}

// A password is taken for a common one about once in 2^20 times: of 2^18
// others about every fourth list like this has one. Four would be a fault.
func TestFalseAlarms(t *testing.T) {
	tries := 1 << 18
	if race { // "make test" runs it once more without
		tries = 1 << 12
	}
	alarms := 0
	for i := range tries {
		if Has(fmt.Sprintf("nobody chose %d", i)) {
			alarms++
		}
	}
	if alarms >= 4 {
		t.Errorf("%d of %d are taken for common ones", alarms, tries)
	}
}

func TestDataStaysSmall(t *testing.T) {
	if len(data) < 270_000 || len(data) > 300_000 {
		t.Errorf("the data has %d bytes", len(data))
	}
}

func BenchmarkHas(b *testing.B) {
	for b.Loop() {
		Has("correct horse battery staple")
	}
}
