// Package problem names what can go wrong for a reason the caller may know.
//
// A Problem is declared beside the use case that returns it and compared with
// errors.Is. Every other error is an accident: it is logged once, in full, at
// the edge and shown there as "our side". This package knows no HTTP and no
// database; each edge has one function that turns a problem into its answer.
package problem

import (
	"errors"
	"fmt"
	"time"
)

// A Kind says how an edge treats a problem: HTTP status, exit code, retry.
type Kind string

// The kinds of problems.
const (
	Invalid         Kind = "invalid"            // what was sent makes no sense; 422
	Unauthenticated Kind = "unauthenticated"    // who are you?; 401
	Denied          Kind = "denied"             // not for you; 403
	Missing         Kind = "missing"            // not there, or not yours to know; 404
	Conflict        Kind = "conflict"           // the state of things forbids it; 409
	TooMany         Kind = "too_many"           // come back after RetryAfter; 429
	Busy            Kind = "busy"               // no room now, RetryAfter helps; 503
	TooLarge        Kind = "too_large"          // 413
	WrongType       Kind = "wrong_type"         // 415
	BadRequest      Kind = "bad_request"        // not even readable; 400
	Misdirected     Kind = "method_not_allowed" // 405
	Gone            Kind = "gone"               // was there once, perhaps, and is over; 410
)

// A Field is one input that is wrong. Location is the name in the API
// ("body.email"), Message a sentence. It never repeats the value.
type Field struct {
	Location string
	Message  string
}

// A Problem is safe to show: Code is for programs and never changes, Message
// is for people.
type Problem struct {
	Kind    Kind
	Code    string
	Message string

	// What a single answer may carry beyond its declaration.
	Fields     []Field
	RetryAfter time.Duration // for TooMany and Busy
	parent     *Problem
}

func (p *Problem) Error() string {
	if p.parent != nil {
		return p.Code + ": " + p.Message
	}
	return p.Code
}

// Unwrap lets errors.Is find the declaration a particular answer came from.
func (p *Problem) Unwrap() error {
	if p.parent == nil {
		return nil
	}
	return p.parent
}

// New declares a problem. Declare them as package variables.
func New(kind Kind, code, message string) *Problem {
	return &Problem{Kind: kind, Code: code, Message: message}
}

// Because is p with a sentence that says more about this case.
func (p *Problem) Because(format string, args ...any) *Problem {
	q := p.child()
	q.Message = fmt.Sprintf(format, args...)
	return q
}

// After is p with the time after which trying again makes sense.
func (p *Problem) After(wait time.Duration) *Problem {
	q := p.child()
	q.RetryAfter = wait
	return q
}

// In is p with the fields that are wrong.
func (p *Problem) In(fields ...Field) *Problem {
	q := p.child()
	q.Fields = append(q.Fields[:len(q.Fields):len(q.Fields)], fields...)
	return q
}

func (p *Problem) child() *Problem {
	q := *p
	if q.parent == nil {
		q.parent = p
	}
	return &q
}

// The problems every package shares.
var (
	NotFound = New(Missing, "not_found", "There is nothing here.")
	Exists   = New(Conflict, "exists", "That is already taken.")
	Wrong    = New(Invalid, "invalid", "Something in the request is not right.")
)

// Of returns the problem in err's tree, or nil when err is an accident.
func Of(err error) *Problem {
	p, _ := errors.AsType[*Problem](err)
	return p
}

// Wrap adds what was being done to *err on the way out of a function.
func Wrap(err *error, format string, args ...any) {
	if *err != nil {
		*err = fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), *err)
	}
}
