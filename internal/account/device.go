package account

import (
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// unknownDevice is what a user agent is called that says nothing we know.
const unknownDevice = "Unknown device"

// programs are what is no browser, by a part of their user agents.
var programs = [][2]string{
	{"curl/", "curl"}, {"Wget/", "Wget"}, {"Go-http-client/", "A Go program"}, {"python-requests/", "A Python program"},
	{"okhttp/", "An Android or Java program"}, {"PostmanRuntime/", "Postman"}, {"Dart/", "A Dart program"}, {"undici", "A Node.js program"},
}

// Device says in a few words of our own what a session runs on, from what the
// program says of itself: "Firefox on Windows". Nothing of the user agent is
// repeated.
func Device(userAgent string) string {
	browser, system := identity.Device(userAgent)
	for _, p := range programs {
		if browser == "" && strings.Contains(userAgent, p[0]) {
			browser = p[1]
		}
	}
	switch {
	case browser == "" && system == "":
		return unknownDevice
	case browser == "":
		return "A program on " + system
	case system == "":
		return browser
	}
	return browser + " on " + system
}
