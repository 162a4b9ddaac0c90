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
		{"nor is one all of whose letters look Latin", "admin@xn--80ak6aa92e.com", "admin@xn--80ak6aa92e.com"},
		{"nor with dots over them", domain("a@аррӏё.com"), domain("a@аррӏё.com")},
		{"nor Latin letters that look like others", domain("a@ɡoogle.com"), domain("a@ɡoogle.com")},
		{"nor one with another script's mark", "a@xn--google-yri.com", "a@xn--google-yri.com"},
		{"nor one with a mark of its own", domain("a@g\u0323\u0301oogle.com"), domain("a@g\u0323\u0301oogle.com")},
		{"nor one that mixes two others", domain("a@почтаλ.example"), domain("a@почтаλ.example")},
		{"nor one that mixes Latin and Han", domain("a@pay支.example"), domain("a@pay支.example")},
		{"nor a letter of no script", domain("a@exampleʼs.com"), domain("a@exampleʼs.com")},
		{"Japanese is written in three", domain("a@サポートの木.example"), "a@サポートの木.example"},
		{"digits are of every script", domain("a@пример-24.example"), "a@пример-24.example"},
		{"Devanagari has marks", domain("a@हिन्दी.example"), "a@हिन्दी.example"},
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

// domain is an address as it is kept.
func domain(typed string) string {
	email, err := identity.ParseEmail(typed)
	if err != nil {
		panic(err)
	}
	return email.Folded
}

func TestShown(t *testing.T) {
	for _, tt := range []struct{ name, typed, want string }{
		{"as it was typed", "Ann@Acme.test", "Ann@Acme.test"},
		{"in other letters too", "Marie@Bücher.example", "Marie@Bücher.example"},
		{"not where it may pass for another", "Ann@acmе.test", "ann@xn--acm-tdd.test"},
		{"nothing", "", ""},
	} {
		email, _ := identity.ParseEmail(tt.typed)
		if got := email.Shown(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
