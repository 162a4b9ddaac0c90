package identity_test

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

func TestReadable(t *testing.T) {
	for _, tt := range []struct{ name, address, want string }{
		{"ASCII stays", "ann@acme.test", "ann@acme.test"},
		{"a Latin label is shown in letters", "marie@xn--bcher-kva.example", "marie@bücher.example"},
		{"so is a Cyrillic one", "ivan@xn--e1afmkfd.example", "ivan@пример.example"},
		{"one that mixes Latin and Cyrillic is not", "ann@xn--pple-43d.example", "ann@xn--pple-43d.example"},
		{"each label for itself", "ann@xn--bcher-kva.xn--pple-43d.example", "ann@bücher.xn--pple-43d.example"},
		{"what is no A-label stays", "ann@xn--a.example", "ann@xn--a.example"},
		{"the part before the @ is not a domain", "xn--bcher-kva@acme.test", "xn--bcher-kva@acme.test"},
		{"what is no address stays", "xn--bcher-kva", "xn--bcher-kva"},
		{"nothing stays nothing", "", ""},
	} {
		if got := identity.Readable(tt.address); got != tt.want {
			t.Errorf("%s: Readable(%q) = %q, want %q", tt.name, tt.address, got, tt.want)
		}
	}
}
