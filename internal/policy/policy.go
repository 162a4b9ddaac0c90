// Package policy decides; it does nothing. Each function takes what is known
// and answers, so every rule of the product is one table test away: who may do
// what (permissions), what follows a password (signin), when a session ends
// (session), how many tries there are (limits), what a tenant may choose
// (tenant) and which passwords are too easy (password).
//
// It knows no context, store or clock, and nothing of how people ask.
package policy
