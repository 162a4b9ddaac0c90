package account

import "strings"

// unknownDevice is what a user agent is called that says nothing we know.
const unknownDevice = "Unknown device"

// A sign is a part of a user agent (RFC 9110, section 10.1.5) and what it
// gives away.
type sign struct{ part, name string }

// Programs pretend to be those that were there before them, so each list goes
// from the newcomers to the old.
var (
	browserSigns = []sign{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"Edge/", "Edge"},
		{"OPR/", "Opera"}, {"OPT/", "Opera"}, {"Opera", "Opera"}, {"Vivaldi/", "Vivaldi"}, {"YaBrowser/", "Yandex Browser"},
		{"SamsungBrowser/", "Samsung Internet"}, {"DuckDuckGo/", "DuckDuckGo"}, {"Ddg/", "DuckDuckGo"},
		{"FxiOS/", "Firefox"}, {"Focus/", "Firefox Focus"}, {"Firefox/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
		{"MSIE ", "Internet Explorer"}, {"Trident/", "Internet Explorer"},
		{"curl/", "curl"}, {"Wget/", "Wget"}, {"Go-http-client/", "A Go program"}, {"python-requests/", "A Python program"},
		{"okhttp/", "An Android or Java program"}, {"PostmanRuntime/", "Postman"}, {"Dart/", "A Dart program"}, {"undici", "A Node.js program"},
	}
	systemSigns = []sign{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"iPod", "iPod"}, {"CrOS ", "ChromeOS"}, {"Android", "Android"}, {"KAIOS", "KaiOS"},
		{"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Mac OS X", "macOS"}, {"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"}, {"Linux", "Linux"},
	}
)

// Device says in a few words of our own what a session runs on, from what the
// program says of itself: "Firefox on Windows". Nothing of the user agent is
// repeated.
func Device(userAgent string) string {
	browser, system := first(browserSigns, userAgent), first(systemSigns, userAgent)
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

func first(signs []sign, text string) string {
	for _, s := range signs {
		if strings.Contains(text, s.part) {
			return s.name
		}
	}
	return ""
}
