package api

import (
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/store"
)

// tenantOfVisit is the tenant of whoever asks; there is no way to ask about
// another one.
func (a *API) tenantOfVisit(v *front.Visit) store.Tenant {
	return a.Sessions.Store.Tenant(v.Live.Tenant.ID)
}
