package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vestibule-id/vestibule/internal/problem"
)

func TestWriteProblem(t *testing.T) {
	wait := problem.New(problem.TooMany, "too_many_attempts", "Please wait.")
	change := problem.New(problem.Denied, "password_change_required", "Please choose a new password.")
	who := problem.New(problem.Unauthenticated, "invalid_credentials", "That is not right.")
	type object = map[string]any
	body := func(status float64, code, title, detail string, more object) object {
		o := object{"type": problemTypes + code, "title": title, "status": status, "detail": detail, "code": code, "instance": "r1"}
		for name, value := range more {
			o[name] = value
		}
		return o
	}
	const ours = "Something went wrong on our side."
	for _, test := range []struct {
		name    string
		err     error
		members problemAnswer
		want    object
		header  map[string]string
	}{
		{name: "plain", err: problem.NotFound, want: body(404, "not_found", "There is nothing here.", "There is nothing here.", nil)},
		{name: "wrapped", err: fmt.Errorf("row 7: %w", problem.NotFound), want: body(404, "not_found", "There is nothing here.", "There is nothing here.", nil)},
		{name: "with a sentence and fields", err: ErrBody.Because("Look.").In(problem.Field{Location: "body.email", Message: "No."}),
			want: body(422, "invalid_body", ErrBody.Message, "Look.", object{"errors": []any{object{"location": "body.email", "message": "No."}}})},
		{name: "whole seconds", err: wait.After(15 * time.Minute), want: body(429, "too_many_attempts", "Please wait.", "Please wait.", nil), header: map[string]string{"Retry-After": "900"}},
		{name: "seconds are rounded up", err: wait.After(1001 * time.Millisecond), want: body(429, "too_many_attempts", "Please wait.", "Please wait.", nil), header: map[string]string{"Retry-After": "2"}},
		{name: "never zero", err: wait.After(1), want: body(429, "too_many_attempts", "Please wait.", "Please wait.", nil), header: map[string]string{"Retry-After": "1"}},
		{name: "who are you", err: who, want: body(401, "invalid_credentials", "That is not right.", "That is not right.", nil), header: map[string]string{"WWW-Authenticate": "Bearer"}},
		{name: "members of its own", err: change, members: problemAnswer{ChangeToken: "abc"},
			want: body(403, "password_change_required", change.Message, change.Message, object{"change_token": "abc"})},
		{name: "members do not replace ours", err: change, members: problemAnswer{Code: "x", Status: 200, Errors: []problemField{{"x", "x"}}, Type: "x", Title: "x", Detail: "x", Instance: "x"},
			want: body(403, "password_change_required", change.Message, change.Message, nil)},
		{name: "an accident says nothing", err: errors.New("pq: hunter2"), members: problemAnswer{ChangeToken: "abc"}, want: body(500, "internal", ours, ours, nil)},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			writeProblem(w, "r1", test.err, test.members)
			var got object
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if float64(w.Code) != test.want["status"] || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			for _, name := range []string{"Retry-After", "WWW-Authenticate"} {
				if got := w.Header().Get(name); got != test.header[name] {
					t.Errorf("%s: %q, want %q", name, got, test.header[name])
				}
			}
			if strings.Contains(w.Body.String(), "hunter2") {
				t.Error("an accident was shown")
			}
		})
	}
	w := httptest.NewRecorder()
	WriteProblem(w, "r1", problem.NotFound)
	if w.Code != 404 {
		t.Errorf("status %d", w.Code)
	}
}
