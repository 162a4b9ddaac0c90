package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"github.com/vestibule-id/vestibule/internal/front"
)

//go:embed assets
var assetFiles embed.FS

// An asset has a fingerprint in its name, so what is behind an address never
// changes and browsers never ask twice.
type asset struct {
	fingerprint string
	media       string
	body        []byte
}

// assets by their file names with the fingerprint: "0123456789abcdef-style.css".
// assetNames are the same by the names templates use: "style.css".
var assets, assetNames = loadAssets()

const (
	styleAsset  = "style.css"
	moduleAsset = "page.js" // all scripts in one, for a page takes three requests at most
)

func loadAssets() (byFile map[string]asset, names map[string]string) {
	byFile, names = map[string]asset{}, map[string]string{}
	add := func(name string, body []byte) {
		sum := sha256.Sum256(append([]byte(accentVersion), body...))
		a := asset{fingerprint: hex.EncodeToString(sum[:8]), media: mediaTypes[path.Ext(name)], body: body}
		names[name] = a.fingerprint + "-" + name
		byFile[names[name]] = a
	}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // embedded, so it is there
	}
	var scripts bytes.Buffer
	for _, entry := range entries {
		body, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		if path.Ext(entry.Name()) == ".js" {
			bundle(&scripts, body)
			continue
		}
		add(entry.Name(), body)
	}
	add(moduleAsset, scripts.Bytes())
	return byFile, names
}

// bundle adds a script to the module of all pages, in a block of its own: a
// script neither imports nor exports, and what it declares is its own. Lines
// that are comments only are for readers of the source.
func bundle(to *bytes.Buffer, script []byte) {
	to.WriteString("{\n")
	for line := range strings.Lines(string(script)) {
		if trimmed := strings.TrimLeft(line, " \t\n"); trimmed != "" && !strings.HasPrefix(trimmed, "//") {
			to.WriteString(trimmed)
		}
	}
	to.WriteString("}\n")
}

// mediaTypes are fixed: the machine's own list is another on each machine.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// assetAddress is where a browser finds an asset.
func assetAddress(name string) string { return "/assets/" + assetNames[name] }

// styleAddress is where a browser finds the stylesheet for an accent colour
// ("#rrggbb", or "" for our own). The colour is part of it, so that it costs no
// request of its own.
func styleAddress(accent string) string {
	if _, ok := parseColor(accent); !ok {
		return assetAddress(styleAsset)
	}
	return assetAddress(styleAsset) + "?accent=" + strings.TrimPrefix(accent, "#")
}

func serveAsset(w http.ResponseWriter, r *http.Request, _ *front.Visit) error {
	a, ok := assets[r.PathValue("file")]
	if !ok {
		return front.ErrNoRoute
	}
	body, tag := a.body, a.fingerprint
	if c, ok := parseColor("#" + only(r.URL.Query(), "accent")); ok && r.PathValue("file") == assetNames[styleAsset] {
		body, tag = append(bytes.Clone(body), accentStyle(c)...), tag+"-"+c.hex()
	}
	w.Header().Set("Content-Type", a.media)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("ETag", `"`+tag+`"`)
	compressed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})).ServeHTTP(w, r)
	return nil
}

// compressed sends what a handler writes as small as the browser can read it.
// Nothing that is secret or somebody's own may go through it together with what
// a stranger can put on the page: the length would tell (BREACH).
var compressed = func() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.CompressionLevel(gzip.BestCompression), gzhttp.EnableZstd(false))
	if err != nil {
		panic(err) // the options are constants
	}
	return wrap
}()
