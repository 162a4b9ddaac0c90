package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vestibule-id/vestibule/internal/secret"
)

// Everybody has the same password, and the same hash of it.
const (
	password   = "a bench for 3 walkers"
	houseSlug  = "bench"
	housePeers = 512 // users of the small house
)

var (
	ownParams   = secret.DefaultParams                             // the product's
	cheapParams = secret.Params{Memory: 8192, Time: 1, Threads: 1} // the least it takes
)

func hashOf(params secret.Params) (secret.Hash, error) {
	typed, err := secret.NewPassword(password)
	if err != nil {
		return "", err
	}
	return params.Hash(typed, nil), nil
}

func email(i int) string { return fmt.Sprintf("walker%06d@bench.test", i) }

// writeUsers writes a file for "user import".
func writeUsers(dir string, n int, hash secret.Hash) (file string, err error) {
	var text bytes.Buffer
	text.WriteString("email,extension,name,role,password_hash,must_change_password\n")
	for i := range n {
		fmt.Fprintf(&text, "%s,,Walker Number %d,user,\"%s\",false\n", email(i), i, string(hash))
	}
	file = filepath.Join(dir, fmt.Sprintf("users-%d.csv", n))
	return file, os.WriteFile(file, text.Bytes(), 0o600)
}

// house makes a database with one tenant whose users have the product's own
// hashes, through its command line.
func (b *bench) house(ctx context.Context, db *database, users int) (address string, err error) {
	if address, err = db.fresh(ctx); err != nil {
		return "", err
	}
	return address, b.settle(ctx, address, db.keyFile, users)
}

func (b *bench) settle(ctx context.Context, address, keyFile string, users int) error {
	hash, err := hashOf(ownParams)
	if err != nil {
		return err
	}
	file, err := writeUsers(b.dir, users, hash)
	if err != nil {
		return err
	}
	if err := b.command(ctx, address, keyFile, "tenant", "create", houseSlug, "--name", "Bench"); err != nil {
		return err
	}
	return b.command(ctx, address, keyFile, "user", "import", "--tenant", houseSlug, file)
}

// signIn is a user's sign-in request. Each user has an address of their own,
// so that the limiter sees many people and not one.
func signIn(slug string, user int) []byte {
	body, err := json.Marshal(map[string]string{"tenant": slug, "email": email(user), "password": password})
	if err != nil {
		panic(err) // plain strings
	}
	return request("POST", "/api/v1/sessions", body, from(user))
}

func from(user int) string {
	return fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d", user>>16&255, user>>8&255, user&255)
}

// A grant is what a sign-in or a refresh answers.
type grant struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	Session      struct {
		ID string `json:"id"`
	} `json:"session"`
}

func readGrant(body []byte) (g grant, err error) {
	if err := json.Unmarshal(body, &g); err != nil {
		return g, err
	}
	if g.AccessToken == "" || g.RefreshToken == "" || g.Session.ID == "" {
		return g, fmt.Errorf("no grant: %s", body)
	}
	return g, nil
}

// A check asks whose session a token is; the answer must name the session.
type check struct{ request, want []byte }

func checkOf(g grant) check {
	return check{
		request: request("GET", "/api/v1/sessions/current", nil, "Authorization: Bearer "+g.AccessToken),
		want:    []byte(`"id":"` + g.Session.ID + `"`),
	}
}

func (k check) ask(c *client) error {
	a, err := c.do(k.request)
	if err == nil {
		err = k.hear(a)
	}
	return err
}

func (k check) hear(a answer) error {
	if a.status != 200 || !bytes.Contains(a.body, k.want) {
		return fmt.Errorf("a check was answered %d: %s", a.status, a.body)
	}
	return nil
}

// refresh renews the grant; the answer must be a new one of its session.
func (g *grant) refresh(c *client) error {
	a, err := c.do(request("POST", "/api/v1/sessions/refresh", []byte(`{"refresh_token":"`+g.RefreshToken+`"}`)))
	if err != nil {
		return err
	}
	if a.status != 200 {
		return fmt.Errorf("a refresh was answered %d: %s", a.status, a.body)
	}
	next, err := readGrant(a.body)
	if err == nil && (next.RefreshToken == g.RefreshToken || next.Session.ID != g.Session.ID) {
		return errors.New("a refresh gave no new token of its session")
	}
	*g = next
	return err
}
