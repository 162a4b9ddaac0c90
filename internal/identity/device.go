package identity

import "strings"

// A sign is a part of a user agent (RFC 9110, section 10.1.5) and what it
// gives away.
type sign struct{ part, name string }

// Browsers pretend to be those that were there before them, so each list goes
// from the newcomers to the old.
var (
	browserSigns = []sign{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"Edge/", "Edge"},
		{"OPR/", "Opera"}, {"OPT/", "Opera"}, {"Opera", "Opera"}, {"Vivaldi/", "Vivaldi"}, {"YaBrowser/", "Yandex Browser"},
		{"SamsungBrowser/", "Samsung Internet"}, {"DuckDuckGo/", "DuckDuckGo"}, {"Ddg/", "DuckDuckGo"},
		{"FxiOS/", "Firefox"}, {"Focus/", "Firefox Focus"}, {"Firefox/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
		{"MSIE ", "Internet Explorer"}, {"Trident/", "Internet Explorer"},
	}
	systemSigns = []sign{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"iPod", "iPod"}, {"CrOS ", "ChromeOS"}, {"Android", "Android"}, {"KAIOS", "KaiOS"},
		{"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Mac OS X", "macOS"}, {"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"}, {"Linux", "Linux"},
	}
)

// Device is what a program's name for itself says of the browser and the
// system it is; empty where it says nothing we know.
func Device(userAgent string) (browser, system string) {
	return first(browserSigns, userAgent), first(systemSigns, userAgent)
}

func first(signs []sign, text string) string {
	for _, s := range signs {
		if strings.Contains(text, s.part) {
			return s.name
		}
	}
	return ""
}
