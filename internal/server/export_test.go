package server

import "context"

// Sweep is what the server does every hour.
func (s *Server) Sweep(ctx context.Context) error { return s.sweep(ctx) }
