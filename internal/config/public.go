package config

import "fmt"

// ParsePublicURL reads a --public-url as serve does: without a trailing slash,
// http for loopback only.
func ParsePublicURL(address string) (string, error) {
	public, err := parsePublicURL(address)
	if err != nil {
		return "", fmt.Errorf("--public-url: %w", err)
	}
	return public, nil
}
