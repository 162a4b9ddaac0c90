package web

import (
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
)

// A browser keeps its theme for a year after the last choice.
const themeAge = 365 * 24 * time.Hour

// The themes; where the cookie says neither, it is the system's.
const (
	lightTheme  = "light"
	darkTheme   = "dark"
	systemTheme = "system"
)

// themeOf is the theme a visitor chose: light, dark, or "" for the system's.
func themeOf(v *front.Visit) string {
	if v.Theme == lightTheme || v.Theme == darkTheme {
		return v.Theme
	}
	return ""
}

// NextTheme is what the half circle leads to: round and round.
func (f frame) NextTheme() string {
	switch f.Theme {
	case lightTheme:
		return darkTheme
	case darkTheme:
		return systemTheme
	}
	return lightTheme
}

// chooseTheme keeps a theme in the browser; it belongs to no person, so
// the form needs no session. It leads back to where the form stands.
func (p *Pages) chooseTheme(w http.ResponseWriter, r *http.Request, _ *front.Visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	switch theme := f["theme"]; theme {
	case lightTheme, darkTheme:
		front.SetCookie(w, front.ThemeCookie, theme, themeAge)
	case systemTheme:
		front.ClearCookie(w, front.ThemeCookie)
	default:
		return ErrForm.Because("There is no such theme.")
	}
	to := localPath(f["return_to"])
	if to == "" {
		to = "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
