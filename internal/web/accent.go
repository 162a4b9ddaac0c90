package web

import (
	"fmt"
	"math"
	"strconv"
)

// accentVersion changes the address of every stylesheet; count it up when
// accentStyle makes something else of a colour.
const accentVersion = "1"

// A color has red, green and blue from 0 to 255 in sRGB.
type color [3]float64

// What text stands on, as the tokens of style.css have it, from the lightest to
// what contrasts least with text.
var (
	white, black = color{255, 255, 255}, color{}
	ownColor     = mustColor("#3457d5") // where no tenant has another
	lightGround  = []color{white, mustColor("#f4f6fa")}
	darkGround   = []color{mustColor("#10141c"), mustColor("#181e29")}
)

// The least contrasts of text, and of what else must be seen (WCAG 2.2, 1.4.3
// and 1.4.11).
const (
	textContrast = 4.5
	edgeContrast = 3.0
)

// parseColor reads "#rrggbb".
func parseColor(text string) (c color, ok bool) {
	if len(text) != 7 || text[0] != '#' {
		return c, false
	}
	n, err := strconv.ParseUint(text[1:], 16, 24)
	return color{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, err == nil
}

func mustColor(text string) color {
	c, ok := parseColor(text)
	if !ok {
		panic("no color: " + text)
	}
	return c
}

// hex is "rrggbb".
func (c color) hex() string {
	return fmt.Sprintf("%02x%02x%02x", int(math.Round(c[0])), int(math.Round(c[1])), int(math.Round(c[2])))
}

// mix is c with a share (0 to 1) of other in it, rounded as hex shows it.
func (c color) mix(other color, share float64) (m color) {
	for i := range c {
		m[i] = math.Round(c[i] + (other[i]-c[i])*share)
	}
	return m
}

// luminance is from 0 to 1 (WCAG 2.2, "relative luminance").
func (c color) luminance() float64 {
	linear := func(v float64) float64 {
		if v /= 255; v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast is from 1 to 21 (WCAG 2.2, "contrast ratio").
func contrast(a, b color) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// readable is c, moved towards other as little as it takes to be seen on every
// ground, also where the ground has a tint of c.
func (c color) readable(least float64, other color, grounds []color) color {
	for share := 0.0; share < 1; share += 0.02 {
		m, enough := c.mix(other, share), true
		for _, ground := range grounds {
			enough = enough && contrast(m, ground) >= least && contrast(m, tint(c, ground)) >= least
		}
		if enough {
			return m
		}
	}
	return other
}

// tintShare is how much of the accent is in the ground of a note.
const tintShare = 0.1

func tint(c, ground color) color { return ground.mix(c, tintShare) }

// A palette is what becomes of an accent colour in one theme.
type palette struct {
	accent, strong       color // text and outlines; strong under the pointer
	fill, fillStrong     color // grounds of buttons
	onFill, edge, tinted color // text on them, their border, the ground of notes
}

// paletteOf keeps the colour where it is a ground, with black or white on it,
// and moves it towards ink where it is text.
func paletteOf(c, ink color, grounds []color) palette {
	accent := c.readable(textContrast, ink, grounds)
	p := palette{accent: accent, strong: accent.mix(ink, 0.2), fill: c, onFill: white, tinted: tint(c, grounds[len(grounds)-1])}
	if contrast(white, c) < textContrast {
		p.onFill = black
	}
	away := color{255 - p.onFill[0], 255 - p.onFill[1], 255 - p.onFill[2]}
	p.fillStrong = c.mix(away, 0.15)
	p.edge = c.readable(edgeContrast, ink, append([]color{p.tinted}, grounds...))
	return p
}

// accentStyle sets the tokens of style.css that follow a tenant's colour.
func accentStyle(c color) string {
	light, dark := paletteOf(c, black, lightGround), paletteOf(c, white, darkGround)
	token := func(name string, l, d color) string {
		return "--" + name + ":light-dark(#" + l.hex() + ",#" + d.hex() + ");"
	}
	return "\n:root{" + token("accent", light.accent, dark.accent) + token("accent-strong", light.strong, dark.strong) +
		token("fill", light.fill, dark.fill) + token("fill-strong", light.fillStrong, dark.fillStrong) +
		token("on-fill", light.onFill, dark.onFill) + token("fill-edge", light.edge, dark.edge) +
		token("tint", light.tinted, dark.tinted) + "}\n"
}
