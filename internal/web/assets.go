package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"time"

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

func loadAssets() (byFile map[string]asset, names map[string]string) {
	byFile, names = map[string]asset{}, map[string]string{}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // embedded, so it is there
	}
	for _, entry := range entries {
		body, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		a := asset{fingerprint: hex.EncodeToString(sum[:8]), media: mediaTypes[path.Ext(entry.Name())], body: body}
		names[entry.Name()] = a.fingerprint + "-" + entry.Name()
		byFile[names[entry.Name()]] = a
	}
	return byFile, names
}

// mediaTypes are fixed: the machine's own list is another on each machine.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
}

// assetAddress is where a browser finds an asset.
func assetAddress(name string) string { return "/assets/" + assetNames[name] }

func serveAsset(w http.ResponseWriter, r *http.Request, _ *front.Visit) error {
	a, ok := assets[r.PathValue("file")]
	if !ok {
		return front.ErrNoRoute
	}
	w.Header().Set("Content-Type", a.media)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("ETag", `"`+a.fingerprint+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
	return nil
}
