package config

import (
	"errors"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PublicURL is the address people use, without a slash at its end, the host in
// lower case and a scheme's own port left out. Where the operator named none
// it is localhost with the port that was really bound. Check comes first.
func (c Serve) PublicURL(boundPort int) string {
	given := c.PublicAddress
	if given == "" {
		given = "http://localhost:" + strconv.Itoa(boundPort)
	}
	address, err := parsePublicURL(given)
	if err != nil {
		return given
	}
	return address
}

func checkPublicURL(address string) error {
	if address == "" {
		return nil
	}
	_, err := parsePublicURL(address)
	return err
}

var (
	errNotURL  = errors.New("must be an address such as https://login.example.com")
	errOpenURL = errors.New("http would carry passwords and cookies in the clear, so it is for loopback hosts only; use an https address and end TLS in a reverse proxy in front of this server")
)

func parsePublicURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errNotURL
	}
	switch {
	case u.User != nil || strings.ContainsAny(address, "@\\"):
		return "", errors.New("must not hold a user or password")
	case strings.ContainsAny(address, "?#"):
		return "", errors.New("must not hold a query or fragment")
	case u.Path != "" && u.Path != "/":
		return "", errors.New("must not hold a path; the product needs a host of its own")
	}
	host, loopback, ok := parseHost(u.Hostname())
	if !ok || strings.HasSuffix(u.Host, ":") || u.Port() != "" && !isPort(u.Port(), 1) {
		return "", errNotURL
	}
	if u.Scheme == "http" && !loopback {
		return "", errOpenURL
	}
	if port := u.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host += ":" + port
	}
	return u.Scheme + "://" + host, nil
}

var hostName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z]([a-z0-9-]*[a-z0-9])?$`)

// parseHost returns a host as it stands in an address, and whether only this
// machine answers there. A last label of digits is no name: browsers take it
// for an IPv4 address (WHATWG URL, host parsing).
func parseHost(name string) (host string, loopback, ok bool) {
	name = strings.ToLower(name)
	if ip, err := netip.ParseAddr(name); err == nil {
		if ip.Is6() {
			return "[" + ip.String() + "]", ip == netip.IPv6Loopback(), ip.Zone() == ""
		}
		return ip.String(), ip.IsLoopback(), true
	}
	loopback = name == "localhost" || strings.HasSuffix(name, ".localhost")
	return name, loopback, len(name) <= 253 && hostName.MatchString(name)
}

func isPort(text string, least int) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && int(port) >= least
}

func checkListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil || !isPort(port, 0) || strings.ContainsFunc(address, unicode.IsSpace) {
		return errors.New("must be HOST:PORT, such as 127.0.0.1:8080, with a port up to 65535")
	}
	return nil
}

func checkOpsListen(address, listen string) error {
	if address == "" {
		return nil
	}
	if err := checkListen(address); err != nil {
		return err
	}
	if address == listen && !strings.HasSuffix(address, ":0") {
		return errors.New("must be another address than --listen")
	}
	return nil
}

func (a Address) isPostgres() bool {
	return strings.HasPrefix(string(a), "postgres://") || strings.HasPrefix(string(a), "postgresql://")
}

func checkDatabase(address Address) error {
	if address.isPostgres() {
		if _, err := url.Parse(string(address)); err != nil {
			return errors.New("is not a readable postgres:// address; are special characters of the password percent-encoded?")
		}
		return nil
	}
	path, ok := strings.CutPrefix(string(address), "sqlite:")
	switch {
	case !ok:
		return errors.New("must be sqlite:PATH or postgres://…")
	case path == "":
		return errors.New("sqlite: lacks the path of a file")
	case strings.ContainsAny(path, "?#\x00") || strings.HasPrefix(path, ":memory:"):
		return errors.New("sqlite: takes the path of a file, without parameters")
	}
	return nil
}

func checkMail(address Address) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(string(address))
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Opaque != "" {
		return errors.New("must be smtp://USER:PASSWORD@HOST:PORT or smtps://…, special characters percent-encoded")
	}
	if _, _, ok := parseHost(u.Hostname()); !ok || strings.HasSuffix(u.Host, ":") || u.Port() != "" && !isPort(u.Port(), 1) {
		return errors.New("lacks a host, or its host or port cannot be right")
	}
	if u.User != nil {
		if password, _ := u.User.Password(); u.User.Username() == "" || password == "" {
			return errors.New("needs a user and a password, or neither")
		}
	}
	switch {
	case u.Path != "" && u.Path != "/" || strings.Contains(string(address), "#"):
		return errors.New("must not hold a path or fragment")
	case u.RawQuery == "" && !u.ForceQuery:
		return nil
	case u.RawQuery != "tls=none":
		return errors.New("knows one parameter, tls=none")
	case u.Scheme == "smtps":
		return errors.New("smtps:// is TLS from the start; tls=none is for smtp://")
	}
	return nil
}

func checkSender(address string) error {
	if err := checkLine(address); err != nil {
		return err
	}
	if _, err := mail.ParseAddress(address); err != nil {
		return errors.New("must be a mail address, such as Vestibule <no-reply@example.com>")
	}
	return nil
}

// checkLine admits text that fits on one line of a page or a letter's head.
func checkLine(text string) error {
	if len(text) > 500 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return errors.New("must be one line of text of at most 500 bytes")
	}
	return nil
}
