package api

import (
	"net/http"

	"github.com/vestibule-id/vestibule/internal/api/manual"
	"github.com/vestibule-id/vestibule/internal/front"
)

const (
	descriptionAddress = "/api/v1/openapi.json"
	manualStyle        = "/api/docs/style.css"
)

// docRoutes are the calls' description, for programs and for people.
func (a *API) docRoutes(calls []call) []front.Route {
	description := a.describe(calls)
	page, err := manual.Page(description, manualStyle, descriptionAddress)
	if err != nil {
		panic(err) // the description is ours
	}
	return []front.Route{
		front.Get(descriptionAddress, front.Anyone, document("application/vnd.oai.openapi+json;version=3.1", front.APICSP, description)),
		front.Get("/api/docs", front.Anyone, document("text/html; charset=utf-8", front.PageCSP, page)),
		front.Get(manualStyle, front.Anyone, document("text/css; charset=utf-8", front.APICSP, manual.Style)),
	}
}

// document answers with what never changes.
func document(media, csp string, text []byte) front.Handler {
	return func(w http.ResponseWriter, _ *http.Request, _ *front.Visit) error {
		w.Header().Set("Content-Type", media)
		w.Header().Set("Content-Security-Policy", csp)
		_, err := w.Write(text)
		return err
	}
}
