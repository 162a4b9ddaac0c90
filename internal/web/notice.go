package web

import "net/url"

// notices are what the sign-in page may say about how somebody came to it; the
// address names one of them. Anybody can write such an address, so none of them
// asks for anything.
var notices = map[string]string{
	"password-reset":      "Your password has been reset. Sign in with the new one.",
	"password-changed":    "Your password has been changed. Sign in with the new one.",
	"invitation-accepted": "Your account is ready. Sign in with your new password.",
	"address-confirmed":   "Your e-mail address was changed. Sign in as before; with an e-mail address, it is the new one.",
	"address-restored":    "Your account has its former e-mail address again. If you did not change it, reset the password now.",
	"signed-out":          "You are signed out.",
	"timed-out":           "You were signed out because nothing happened for a while.",
}

// noticeOf is the notice that an address names, or "".
func noticeOf(query url.Values) string { return notices[only(query, "notice")] }
