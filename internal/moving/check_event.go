package moving

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
)

// eventWord is how kinds and results of events are written, those of newer
// versions too.
var eventWord = regexp.MustCompile(`^[a-z_]{1,64}$`)

// event holds a line of the trail to what is written there: what strangers
// typed stands in the values of its detail alone, all else is words, ids and
// addresses of ours, and nothing that steers a terminal.
func (c *checker) event(f fields) string {
	detail := map[string]string{}
	result := f.text("result")
	switch erased := len(f.bytes("personal")) > 0; {
	case !isID(f.text("id"), "evt") || !eventWord.MatchString(f.text("kind")) || result != "" && !eventWord.MatchString(result):
		return "the event has no id, no kind or an odd result"
	case !isNoneOrID(f.text("user_id"), "usr") || !isNoneOrID(f.text("actor_id"), "usr") || !isNoneOrID(f.text("session_id"), "ses"):
		return "on whom, by whom or in which session the event was will not do"
	case !isNoneOrAddress(f.text("address")) || !isShown(f.text("user_agent")) || !isShown(f.text("request_id")):
		return "where the event's request came from will not do"
	case len(f.bytes("personal")) > 64:
		return "what stands for what was erased is too long"
	case json.Unmarshal([]byte(f.text("detail")), &detail) != nil:
		return "the event's detail is none"
	case erased && (f.text("address") != "" || f.text("user_agent") != "" || f.text("detail") != nothing):
		return "the event says what was erased"
	}
	for name := range detail {
		if name == "" || len(name) > 64 || !isShown(name) {
			return "the event's detail has a name that will not do"
		}
	}
	return ""
}

// isNoneOrAddress: as front writes addresses, without a zone, which may be any
// text.
func isNoneOrAddress(text string) bool {
	address, err := netip.ParseAddr(text)
	return text == "" || err == nil && address.Zone() == ""
}

// isShown: nothing in it is unseen, ends a line or turns the direction of text.
func isShown(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
