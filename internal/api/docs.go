package api

import (
	"net/http"
	"sync"

	"github.com/vestibule-id/vestibule/internal/api/manual"
	"github.com/vestibule-id/vestibule/internal/front"
)

const (
	descriptionAddress = "/api/v1/openapi.json"
	manualStyle        = "/api/docs/style.css"
)

// docRoutes are the calls' description, for programs and for people.
func (a *API) docRoutes(calls []call) []front.Route {
	description := sync.OnceValue(func() []byte { return a.describe(calls) })
	page := sync.OnceValue(func() []byte {
		page, err := manual.Page(description(), manualStyle, descriptionAddress)
		if err != nil {
			panic(err) // the description is ours
		}
		return page
	})
	style := func() []byte { return manual.Style }
	return []front.Route{
		front.Get(descriptionAddress, front.Anyone, document("application/vnd.oai.openapi+json;version=3.1", front.APICSP, description)),
		front.Get("/api/docs", front.Anyone, document("text/html; charset=utf-8", front.PageCSP, page)),
		front.Get(manualStyle, front.Anyone, document("text/css; charset=utf-8", front.APICSP, style)),
	}
}

// document answers with what never changes, once somebody wants to read it.
func document(media, csp string, text func() []byte) front.Handler {
	return func(w http.ResponseWriter, _ *http.Request, _ *front.Visit) error {
		w.Header().Set("Content-Type", media)
		w.Header().Set("Content-Security-Policy", csp)
		_, err := w.Write(text())
		return err
	}
}
