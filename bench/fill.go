package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

func slugOf(tenant int) string { return fmt.Sprintf("house-%04d", tenant) }

// filled makes a database of so many tenants with so many users each, as an
// import leaves it. It does so in a process of its own that has all cores.
func (b *bench) filled(ctx context.Context, db *database, tenants, users int) (address string, err error) {
	if address, err = db.fresh(ctx); err != nil {
		return "", err
	}
	if err := b.command(ctx, address, db.keyFile, "migrate"); err != nil {
		return "", err
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	name, args := b.host.everywhere(self, "-as", roleFill, "--", address, db.keyFile, strconv.Itoa(tenants), strconv.Itoa(users))
	cmd := exec.CommandContext(ctx, name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("fill: %w\n%s", err, out)
	}
	if db.name == postgresName { // it does so by itself after a while
		err = admin(ctx, address, "ANALYZE")
	}
	return address, err
}

// fillers is how many tenants are filled at a time.
const fillers = 4

func beFiller(ctx context.Context, args []string) error {
	tenants, err1 := strconv.Atoi(args[2])
	users, err2 := strconv.Atoi(args[3])
	keyText, err3 := os.ReadFile(args[1])
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	sealing, err := secret.ParseSealingKeys(string(keyText))
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, args[0], sealing)
	if err != nil {
		return err
	}
	hash, err := hashOf(cheapParams)
	if err != nil {
		return err
	}
	queue := make(chan int, tenants)
	for tenant := range tenants {
		queue <- tenant
	}
	close(queue)
	var group sync.WaitGroup
	errs := make([]error, fillers)
	for filler := range fillers {
		group.Go(func() {
			for tenant := range queue {
				if errs[filler] = fillTenant(ctx, s, tenant, users, hash); errs[filler] != nil {
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(append(errs, s.Close())...)
}

func fillTenant(ctx context.Context, s *store.Store, tenant, users int, hash secret.Hash) error {
	t, now := s.Tenant(identity.NewTenantID()), time.Now()
	id := identity.NewImportID()
	err := t.Tx(ctx, func(tx *store.Tx) error {
		err := tx.Add(ctx, identity.Tenant{
			ID: t.ID(), Slug: slugOf(tenant), Name: slugOf(tenant), Style: identity.Workspace,
			Status: identity.TenantActive, CreatedAt: now,
		})
		if err != nil {
			return err
		}
		return tx.StartImport(ctx, id, now)
	})
	for from := 0; from < users && err == nil; from += store.ImportPiece {
		piece, perr := piece(from, min(from+store.ImportPiece, users), hash, now)
		if perr != nil {
			return perr
		}
		staged := t.Stage(id, piece)
		err = t.Tx(ctx, func(tx *store.Tx) error { return tx.AddImported(ctx, id, staged, now) })
	}
	if err != nil {
		return err
	}
	return t.Tx(ctx, func(tx *store.Tx) error { return tx.FinishImport(ctx, id, now) })
}

// piece is users from one number up to another; the first of a tenant is its
// administrator.
func piece(from, to int, hash secret.Hash, now time.Time) (list []store.UserHash, err error) {
	for i := from; i < to; i++ {
		address, err := identity.ParseEmail(email(i))
		if err != nil {
			return nil, err
		}
		role := identity.Member
		if i == 0 {
			role = identity.Admin
		}
		list = append(list, store.UserHash{Hash: hash, User: identity.User{
			ID: identity.NewUserID(), Email: address, Name: strings.ToUpper(email(i)[:1]) + email(i)[1:12],
			Role: role, Status: identity.Active, CreatedAt: now, HasPassword: true,
		}})
	}
	return list, nil
}
