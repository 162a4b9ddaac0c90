package web

import (
	"html/template"
	"net/url"
)

// Icon is the page's icon as an address that holds it, for a request of its own
// would be the page's fourth (docs/decisions/0017): the tenant's letter in the
// tenant's colour, or our own door.
func (f frame) Icon() template.URL {
	c, ok := parseColor(f.Tenant.Policy.Accent)
	if !ok {
		c = ownColor
	}
	on := "#" + paletteOf(c, black, lightGround).onFill.hex()
	picture := `<path d='M9 26V14a7 7 0 0 1 14 0v12h-7V9.5' fill='none' stroke='` + on + `' stroke-width='2'/>`
	if f.Letter != "" { // one letter, digit or bullet: nothing to escape
		picture = `<text x='16' y='23' text-anchor='middle' font-family='system-ui,sans-serif' font-weight='650' font-size='19' fill='` + on + `'>` + f.Letter + `</text>`
	}
	picture = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='8' fill='#` + c.hex() + `'/>` + picture + `</svg>`
	return template.URL("data:image/svg+xml," + url.PathEscape(picture))
}
