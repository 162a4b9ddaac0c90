package session

import "github.com/vestibule-id/vestibule/internal/store"

// Scope is the tenant of a live session: the one its person acts in.
func (s *Service) Scope(live store.Live) store.Tenant { return s.Store.Tenant(live.Tenant.ID) }
