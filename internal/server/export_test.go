package server

import "context"

// Sweep is what the server does every hour.
func (s *Server) Sweep(ctx context.Context) error { return s.sweep(ctx) }

// LookAtLetters is what the server does every few seconds.
func (s *Server) LookAtLetters(ctx context.Context) error { return s.letters.look(ctx) }
