package secret_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/secret"
)

// Proves: 4.2
func TestWithin(t *testing.T) {
	early, late := 0, 0
	for range 1000 {
		switch d := secret.Within(time.Second); {
		case d <= 0 || d > time.Second:
			t.Fatalf("%s is not within a second", d)
		case d < time.Second/4:
			early++
		case d > 3*time.Second/4:
			late++
		}
	}
	if early < 150 || late < 150 {
		t.Errorf("of 1000, %d are early and %d late; want some 250 of each", early, late)
	}
	if d := secret.Within(1); d != 1 {
		t.Errorf("the least is %s", d)
	}
}
