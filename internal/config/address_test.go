package config

import (
	"strings"
	"testing"
)

func TestPublicURL(t *testing.T) {
	tests := []struct{ given, want string }{
		{"", "http://localhost:4711"},
		{"https://login.example.com", "https://login.example.com"},
		{"https://Login.Example.COM/", "https://login.example.com"},
		{"HTTPS://login.example.com:443", "https://login.example.com"},
		{"https://login.example.com:80", "https://login.example.com:80"},
		{"https://192.0.2.1:8443", "https://192.0.2.1:8443"},
		{"https://[2001:DB8:0::1]", "https://[2001:db8::1]"},
		{"http://localhost", "http://localhost"},
		{"http://LOCALHOST:80/", "http://localhost"},
		{"http://localhost:443", "http://localhost:443"},
		{"http://acme.localhost:8080", "http://acme.localhost:8080"},
		{"http://127.9.9.9:8080", "http://127.9.9.9:8080"},
		{"http://[::1]:8080", "http://[::1]:8080"},
	}
	for _, test := range tests {
		served := Serve{PublicAddress: test.given}
		if err := checkPublicURL(test.given); err != nil {
			t.Errorf("%q: %v", test.given, err)
		}
		if got := served.PublicURL(4711); got != test.want {
			t.Errorf("%q became %q, want %q", test.given, got, test.want)
		}
	}
	if got := (Serve{}).PublicURL(80); got != "http://localhost" {
		t.Errorf("on port 80 it is %q", got)
	}
}

func TestPublicURLRefused(t *testing.T) {
	open, shape := "TLS in a reverse proxy", "such as https://"
	tests := []struct{ given, says string }{
		{"http://login.example.com", open},
		{"http://192.0.2.1", open},
		{"http://0.0.0.0", open},
		{"http://[2001:db8::1]", open},
		{"http://[::ffff:127.0.0.1]", open},
		{"http://localhost.example.com", open},
		{"http://notlocalhost", open},
		{"http://127.0.0.1.example.com", open},
		{"http://127.0.0.1.", shape},
		{"http://127.1", shape},
		{"http://[fe80::1%25eth0]", shape},
		{"login.example.com", shape},
		{"//login.example.com", shape},
		{"ftp://login.example.com", shape},
		{"https://", shape},
		{"https:///path", shape},
		{"https://login.example.com:", shape},
		{"https://login.example.com:0", shape},
		{"https://login.example.com:65536", shape},
		{"https://log in.example.com", shape},
		{"https://-x.example.com", shape},
		{"https://login..example.com", shape},
		{"https://lögin.example.com", shape},
		{"https://user@login.example.com", "user or password"},
		{"https://user:word@login.example.com", "user or password"},
		{"https://login.example.com?", "query"},
		{"https://login.example.com/?x=1", "query"},
		{"https://login.example.com/#", "fragment"},
		{"https://login.example.com/vestibule", "path"},
		{"https://login.example.com//", "path"},
	}
	for _, test := range tests {
		err := checkPublicURL(test.given)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: got %v, want %q", test.given, err, test.says)
		}
	}
}

func FuzzPublicURL(f *testing.F) {
	for _, seed := range []string{"https://login.example.com:8443/", "http://[::1]:80", "http://a.localhost", "https://x@y?z#"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		address, err := parsePublicURL(given)
		if err != nil {
			return
		}
		again, err := parsePublicURL(address)
		if err != nil || again != address {
			t.Errorf("%q became %q, which became %q (%v)", given, address, again, err)
		}
	})
}
