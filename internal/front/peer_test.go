package front

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func proxies(t testing.TB, list ...string) Proxies {
	t.Helper()
	p, err := ParseProxies(list)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPeerAddress(t *testing.T) {
	for _, test := range []struct {
		name      string
		trusted   []string
		direct    string
		forwarded []string
		want      string
	}{
		{name: "nobody trusted, no header", direct: "203.0.113.9:4000", want: "203.0.113.9"},
		{name: "nobody trusted, header ignored", direct: "203.0.113.9:4000", forwarded: []string{"198.51.100.1"}, want: "203.0.113.9"},
		{name: "peer outside the prefixes, header ignored", trusted: []string{"10.0.0.0/8"}, direct: "203.0.113.9:4000", forwarded: []string{"198.51.100.1"}, want: "203.0.113.9"},
		{name: "loopback is not trusted by itself", direct: "127.0.0.1:4000", forwarded: []string{"198.51.100.1"}, want: "127.0.0.1"},
		{name: "trusted proxy, one hop", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "trusted proxy, no header", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", want: "10.0.0.1"},
		{name: "what the stranger wrote is left of his own address", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"1.1.1.1, 198.51.100.1"}, want: "198.51.100.1"},
		{name: "a stranger names a trusted address", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"10.9.9.9, 198.51.100.1"}, want: "198.51.100.1"},
		{name: "two proxies", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"1.1.1.1, 198.51.100.1, 10.0.0.2"}, want: "198.51.100.1"},
		{name: "header lines are one list", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"1.1.1.1", "198.51.100.1", "10.0.0.2"}, want: "198.51.100.1"},
		{name: "only trusted hops: the left-most", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"10.0.0.3,10.0.0.2"}, want: "10.0.0.3"},
		{name: "garbage right-most", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"1.1.1.1, unknown"}, want: "10.0.0.1"},
		{name: "garbage behind a trusted hop", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"1.1.1.1, ' OR 1=1, 10.0.0.2"}, want: "10.0.0.2"},
		{name: "empty header", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{""}, want: "10.0.0.1"},
		{name: "hop with port", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"198.51.100.1:5000"}, want: "198.51.100.1"},
		{name: "hop in brackets", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"[2001:db8::1]"}, want: "2001:db8::1"},
		{name: "hop in brackets with port", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"[2001:db8::1]:5000"}, want: "2001:db8::1"},
		{name: "half a bracket", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"[2001:db8::1"}, want: "10.0.0.1"},
		{name: "mapped hop", trusted: []string{"10.0.0.0/8"}, direct: "10.0.0.1:80", forwarded: []string{"::ffff:198.51.100.1"}, want: "198.51.100.1"},
		{name: "mapped peer is in an IPv4 prefix", trusted: []string{"10.0.0.0/8"}, direct: "[::ffff:10.0.0.1]:80", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "prefix written mapped", trusted: []string{"::ffff:10.0.0.0/104"}, direct: "10.0.0.1:80", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "zone stripped", direct: "[fe80::1%eth0]:80", want: "fe80::1"},
		{name: "single address trusted", trusted: []string{"fd00::1"}, direct: "[fd00::1]:80", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "its neighbour is not", trusted: []string{"fd00::1"}, direct: "[fd00::2]:80", forwarded: []string{"198.51.100.1"}, want: "fd00::2"},
		{name: "no address at all", direct: "@", forwarded: []string{"198.51.100.1"}, want: "0.0.0.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: test.direct, Header: http.Header{"X-Forwarded-For": test.forwarded}}
			for _, other := range []string{"Forwarded", "X-Real-Ip", "X_forwarded_for", "True-Client-Ip"} {
				r.Header.Set(other, "for=192.0.2.66, 192.0.2.66")
			}
			if got := proxies(t, test.trusted...).Peer(r).Address; got != test.want {
				t.Errorf("address %s, want %s", got, test.want)
			}
		})
	}
}

func TestParseProxiesRefuses(t *testing.T) {
	for _, text := range []string{"0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "10.0.0.0/33", "proxy.example.com", "", "10.0.0.1:80", "*"} {
		if p, err := ParseProxies([]string{"10.0.0.1", text}); err == nil {
			t.Errorf("%q gave %v", text, p)
		} else if !strings.Contains(err.Error(), `"`+text+`"`) {
			t.Errorf("%q is not named in: %v", text, err)
		}
	}
}

func TestPeerUserAgent(t *testing.T) {
	for _, test := range []struct{ name, sent, want string }{
		{name: "usual", sent: "Mozilla/5.0 (X11; Linux x86_64)", want: "Mozilla/5.0 (X11; Linux x86_64)"},
		{name: "long", sent: strings.Repeat("a", 300), want: strings.Repeat("a", 256)},
		{name: "letter cut in two", sent: strings.Repeat("a", 255) + "é", want: strings.Repeat("a", 255) + "?"},
		{name: "control characters", sent: "a\x1b[2Jb\x00\u0085c", want: "a?[2Jb??c"},
		{name: "text turned around", sent: "a\u202eb\u2028c", want: "a?b?c"},
		{name: "not UTF-8", sent: "a\xffb", want: "a?b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: "192.0.2.1:1", Header: http.Header{"User-Agent": {test.sent}}}
			if got := (Proxies{}).Peer(r).UserAgent; got != test.want {
				t.Errorf("user agent %q, want %q", got, test.want)
			}
		})
	}
}

func TestSource(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1":           "192.0.2.1",
		"::ffff:192.0.2.1":    "192.0.2.1",
		"2001:db8:1:2:3::4":   "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::": "2001:db8:1:2::/64",
		"2001:db8:1:3::":      "2001:db8:1:3::/64",
		"fe80::1%eth0":        "fe80::/64",
		"":                    "",
	} {
		if got := Source(address); got != want {
			t.Errorf("Source(%q) = %q, want %q", address, got, want)
		}
	}
}

func FuzzPeer(f *testing.F) {
	f.Add("203.0.113.9:4000", "198.51.100.1", "", "curl/8")
	f.Add("10.0.0.1:80", "1.1.1.1, 198.51.100.1", "10.0.0.2", "a\x1bb")
	f.Add("[::ffff:10.0.0.1]:80", "[2001:db8::1]:5, fe80::1%eth0", ",", "\xff")
	f.Add("@", "", "", "")
	trusting := proxies(f, "10.0.0.0/8", "fd00::/8")
	f.Fuzz(func(t *testing.T, direct, first, second, agent string) {
		r := &http.Request{RemoteAddr: direct, Header: http.Header{
			"X-Forwarded-For": {first, second}, "User-Agent": {agent}}}
		plainly := Proxies(nil).Peer(r)
		if opened, err := netip.ParseAddrPort(direct); err == nil {
			if want := opened.Addr().Unmap().WithZone("").String(); plainly.Address != want {
				t.Errorf("untrusted: %s, want %s", plainly.Address, want)
			}
		}
		for _, peer := range []string{plainly.Address, trusting.Peer(r).Address} {
			addr, err := netip.ParseAddr(peer)
			if err != nil || addr.Is4In6() || addr.Zone() != "" || Source(peer) == "" {
				t.Errorf("address %q", peer)
			}
		}
		if direct, _ := parseHop(direct); !trusting.trust(direct) && trusting.Peer(r) != plainly {
			t.Error("a forwarding header was believed")
		}
		if len(plainly.UserAgent) > 256 || strings.ContainsAny(plainly.UserAgent, "\x00\x1b\r\n") {
			t.Errorf("user agent %q", plainly.UserAgent)
		}
	})
}
