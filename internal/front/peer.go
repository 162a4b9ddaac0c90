package front

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"unicode"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proxies are the networks whose word about a request's origin is taken. The
// zero Proxies trust nobody.
type Proxies []netip.Prefix

// ParseProxies reads addresses ("10.0.0.7", "fd00::1") and prefixes
// ("10.0.0.0/8"). A prefix of the whole Internet is refused: everybody could
// then choose the address that limits and audit trail go by.
func ParseProxies(list []string) (Proxies, error) {
	var proxies Proxies
	for _, text := range list {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil {
			addr = plain(addr)
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("trusted proxies: %q is neither an IP address nor a prefix such as 10.0.0.0/8", text)
		}
		if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= 96 {
			prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
		}
		if prefix.Bits() == 0 {
			return nil, fmt.Errorf("trusted proxies: %q trusts every address, so anybody could pretend to be anybody; name the proxies' own networks", text)
		}
		proxies = append(proxies, prefix.Masked())
	}
	return proxies, nil
}

// Peer says whom a request came from; its RequestID is left empty. Without a
// trusted proxy that is who opened the connection. Behind one it is the
// right-most hop of X-Forwarded-For that is not a trusted proxy itself: what
// stands further left was written by strangers. A hop that is no address ends
// the walk at the last one that was. RFC 7239's Forwarded and all other
// forwarding headers are never read.
func (p Proxies) Peer(r *http.Request) identity.Peer {
	return identity.Peer{
		Address:   p.address(r.RemoteAddr, r.Header.Values("X-Forwarded-For")).String(),
		UserAgent: printable(r.UserAgent(), 256),
	}
}

func (p Proxies) address(direct string, forwarded []string) netip.Addr {
	opened, err := netip.ParseAddrPort(direct)
	if err != nil { // not an Internet connection: everybody there is one source
		return netip.IPv4Unspecified()
	}
	peer := plain(opened.Addr())
	hops, more := strings.Join(forwarded, ","), len(forwarded) > 0
	for more && p.trust(peer) {
		last := strings.LastIndexByte(hops, ',')
		hop, ok := parseHop(strings.TrimSpace(hops[last+1:]))
		if !ok {
			break
		}
		peer = hop
		hops, more = hops[:max(last, 0)], last >= 0
	}
	return peer
}

func (p Proxies) trust(addr netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// parseHop reads an address with or without a port, as proxies write them.
func parseHop(text string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return plain(addr), true
	}
	if port, err := netip.ParseAddrPort(text); err == nil {
		return plain(port.Addr()), true
	}
	inner, opened := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	addr, err := netip.ParseAddr(inner)
	return plain(addr), opened && closed && err == nil && addr.Is6()
}

// plain is the one form of an address: an IPv4 address is never written as
// IPv6, and a zone, which only means something on this machine, is left out.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// printable is at most limit bytes of text, with a question mark for whatever
// could steer a terminal or a page.
func printable(text string, limit int) string {
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text[:min(len(text), limit)])
}

// Source is what the limiter counts by: an IPv4 address, or the /64 an IPv6
// address is in, since whoever has one address there has them all. What is no
// address is its own source.
func Source(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	addr = plain(addr)
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
