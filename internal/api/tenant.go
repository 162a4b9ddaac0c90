package api

import (
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/store"
)

// tenantOfVisit is the tenant of whoever asks; there is no way to ask about
// another one.
func (a *API) tenantOfVisit(v *front.Visit) store.Tenant {
	t := a.Sessions.Store.Tenant(v.Live.Tenant.ID)
	if v.Once != nil {
		return t.Once(*v.Once)
	}
	return t
}

// keyTenant is where it is remembered what somebody asked for: programs with an
// operator token have no tenant of their own.
func (a *API) keyTenant(v *front.Visit) store.Tenant {
	if v.Actor.Operator {
		return a.Sessions.Store.Nowhere()
	}
	return a.Sessions.Store.Tenant(v.Live.Tenant.ID)
}
