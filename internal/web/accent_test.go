package web

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
)

func TestContrast(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21}, {"#ffffff", "#ffffff", 1}, {"#ffffff", "#000000", 21},
		{"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54}, {"#0000ff", "#ffffff", 8.59}, {"#ff0000", "#ffffff", 4.00},
	} {
		if got := contrast(mustColor(test.a), mustColor(test.b)); math.Abs(got-test.want) > 0.005 {
			t.Errorf("%s on %s: %.3f, want %.2f", test.a, test.b, got, test.want)
		}
	}
}

// Proves: 3.4, G7
func TestEveryAccentIsReadable(t *testing.T) {
	var colors []color
	for n := 0; n <= 0xffffff; n += 0x0f1b35 { // all over the cube
		colors = append(colors, mustColor(fmt.Sprintf("#%06x", n)))
	}
	for _, odd := range []string{"#000000", "#ffffff", "#ffcc00", "#777777", "#767676", "#10141c", "#181e29", "#fefefe", "#00ff00"} {
		colors = append(colors, mustColor(odd))
	}
	for _, c := range colors {
		for name, theme := range map[string]struct {
			ink     color
			grounds []color
		}{"light": {black, lightGround}, "dark": {white, darkGround}} {
			p := paletteOf(c, theme.ink, theme.grounds)
			least := func(what string, got, want float64) {
				if got < want {
					t.Errorf("%s of %s, %s: %.2f", what, c.hex(), name, got)
				}
			}
			for _, ground := range append(theme.grounds, p.tinted) {
				least("text", contrast(p.accent, ground), 4.5)
				least("text under the pointer", contrast(p.strong, ground), 4.5)
				least("edge", contrast(p.edge, ground), 3)
			}
			soft := tokens(styleText(t))["soft"]
			least("soft text on a note", max(contrast(soft[0], p.tinted), contrast(soft[1], p.tinted)), 4.5)
			least("text on a button", contrast(p.onFill, p.fill), 4.5)
			least("text on a button under the pointer", contrast(p.onFill, p.fillStrong), 4.5)
			if p.fill != c {
				t.Errorf("a button of %s is %s", c.hex(), p.fill.hex())
			}
		}
	}
}

var tokenLine = regexp.MustCompile(`--([a-z-]+):\s*light-dark\(#([0-9a-f]{6}), ?#([0-9a-f]{6})\)`)

// tokens of a stylesheet, light and dark.
func tokens(style string) map[string][2]color {
	all := map[string][2]color{}
	for _, m := range tokenLine.FindAllStringSubmatch(style, -1) {
		all[m[1]] = [2]color{mustColor("#" + m[2]), mustColor("#" + m[3])}
	}
	return all
}

func styleText(t *testing.T) string {
	t.Helper()
	body, err := assetFiles.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// Proves: 3.4
func TestTokensAreReadable(t *testing.T) {
	all := tokens(styleText(t))
	if len(all) < 18 {
		t.Fatalf("only %d tokens: %v", len(all), all)
	}
	for _, pair := range []struct {
		on, text string
		least    float64
	}{
		{"page", "text", 4.5}, {"card", "text", 4.5}, {"tint", "text", 4.5},
		{"page", "soft", 4.5}, {"card", "soft", 4.5}, {"tint", "soft", 4.5},
		{"page", "accent", 4.5}, {"card", "accent", 4.5}, {"tint", "accent", 4.5},
		{"page", "bad", 4.5}, {"card", "bad", 4.5}, {"bad-tint", "bad", 4.5},
		{"card", "good", 4.5}, {"good-tint", "good", 4.5}, {"warn-tint", "warn", 4.5},
		{"fill", "on-fill", 4.5}, {"fill-strong", "on-fill", 4.5},
		{"card", "edge", 3}, {"page", "edge", 3},
	} {
		for i, theme := range []string{"light", "dark"} {
			if got := contrast(all[pair.on][i], all[pair.text][i]); got < pair.least {
				t.Errorf("%s on %s, %s: %.2f", pair.text, pair.on, theme, got)
			}
		}
	}
}

func TestTokensAreThoseOfOurOwnColor(t *testing.T) {
	all := tokens(styleText(t))
	own := tokens(strings.ReplaceAll(accentStyle(ownColor), ",#", ", #"))
	if len(own) != 7 {
		t.Fatalf("%d tokens follow the accent: %v", len(own), own)
	}
	for name, want := range own {
		if all[name] != want {
			t.Errorf("--%s: light-dark(#%s, #%s); is what accentStyle makes, style.css has another", name, want[0].hex(), want[1].hex())
		}
	}
	for i, grounds := range [][]color{lightGround, darkGround} {
		for _, ground := range grounds {
			if all["page"][i] != ground && all["card"][i] != ground {
				t.Errorf("%s is no ground of style.css", ground.hex())
			}
		}
	}
}

func TestParseColor(t *testing.T) {
	for text, want := range map[string]bool{
		"#3457d5": true, "#ABCDEF": true, "#000000": true,
		"": false, "#": false, "3457d5": false, "#3457d": false, "#3457d5a": false, "#34 7d5": false, "#-457d5": false, "#+457d5": false, "#3457dg": false, "#1_2_3_": false,
	} {
		if c, ok := parseColor(text); ok != want || ok && !strings.EqualFold("#"+c.hex(), text) {
			t.Errorf("%q: %v %s", text, ok, c.hex())
		}
	}
}

func TestInitials(t *testing.T) {
	for _, test := range []struct {
		name, two, one string
	}{
		{"Ann Lee", "AL", "A"}, {"ann", "A", "A"}, {"Ann Mary van der Lee", "AL", "A"}, {"  ", "•", "•"}, {"", "•", "•"},
		{"201", "201", "2"}, {"2001", "01", "2"}, {"ann.lee@acme.test", "A", "A"}, {"Øyvind Ås", "ØÅ", "Ø"}, {"<b>", "B", "B"}, {"🦊 Fox", "F", "F"},
		{"\xff\xfe", "•", "•"},
	} {
		if two, one := initials(test.name, 2), initials(test.name, 1); two != test.two || one != test.one {
			t.Errorf("%q: %q and %q", test.name, two, one)
		}
	}
}
