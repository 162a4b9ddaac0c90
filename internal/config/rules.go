package config

import (
	"errors"
	"fmt"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// Rules are the operator's defaults for every tenant's policy. Durations are
// at least one second, numbers at least one.
type Rules struct {
	IdleTimeout       identity.Duration `default:"4h" placeholder:"DURATION" help:"How long a session lasts without a person's interaction."`
	SessionLifetime   identity.Duration `default:"168h" placeholder:"DURATION" help:"How long a session lasts at most."`
	AccessTokenTTL    identity.Duration `name:"access-token-ttl" default:"5m" placeholder:"DURATION" help:"How long an access token lasts."`
	SignInAttempts    int               `default:"5" placeholder:"N" help:"Failed attempts before the wait, for each user and source and for each user and known browser."`
	SignInWait        identity.Duration `default:"15m" placeholder:"DURATION" help:"How long the wait is."`
	StrangerAttempts  int               `default:"20" placeholder:"N" help:"Failures on one user from all unknown browsers, within the wait."`
	SourceAttempts    int               `default:"50" placeholder:"N" help:"Failures from one source over all users, within the wait."`
	RefreshGrace      identity.Duration `default:"10s" placeholder:"DURATION" help:"How long a used refresh token gives the same answer again."`
	ResetLinkTTL      identity.Duration `name:"reset-link-ttl" default:"1h" placeholder:"DURATION" help:"How long a link to reset a password is valid."`
	InvitationTTL     identity.Duration `name:"invitation-ttl" default:"168h" placeholder:"DURATION" help:"How long an invitation is valid."`
	PasswordMinLength int               `default:"8" placeholder:"N" help:"The fewest characters of a password, from 8 to 64."`
	AuditRetention    identity.Duration `default:"17520h" placeholder:"DURATION" help:"How long events stay in the audit trail."`
	SupportContact    string            `placeholder:"TEXT" help:"Whom to ask for help, shown where no tenant's contact is known."`
}

// Policy is the operator's policy, the one that tenants' own stand above.
func (r Rules) Policy() identity.Policy {
	return identity.Policy{
		IdleTimeout:       r.IdleTimeout,
		SessionLifetime:   r.SessionLifetime,
		AccessTokenTTL:    r.AccessTokenTTL,
		SignInAttempts:    r.SignInAttempts,
		SignInWait:        r.SignInWait,
		StrangerAttempts:  r.StrangerAttempts,
		SourceAttempts:    r.SourceAttempts,
		RefreshGrace:      r.RefreshGrace,
		ResetLinkTTL:      r.ResetLinkTTL,
		InvitationTTL:     r.InvitationTTL,
		PasswordMinLength: r.PasswordMinLength,
		AuditRetention:    r.AuditRetention,
		SupportContact:    r.SupportContact,
	}
}

// Check reports the first rule that is out of bounds, naming its flag.
func (r Rules) Check() error {
	durations := []struct {
		flag  string
		value identity.Duration
	}{
		{"idle-timeout", r.IdleTimeout},
		{"session-lifetime", r.SessionLifetime},
		{"access-token-ttl", r.AccessTokenTTL},
		{"sign-in-wait", r.SignInWait},
		{"refresh-grace", r.RefreshGrace},
		{"reset-link-ttl", r.ResetLinkTTL},
		{"invitation-ttl", r.InvitationTTL},
		{"audit-retention", r.AuditRetention},
	}
	for _, d := range durations {
		if time.Duration(d.value) < time.Second {
			return fmt.Errorf("--%s: must be one second or more", d.flag)
		}
	}
	numbers := []struct {
		flag  string
		value int
	}{
		{"sign-in-attempts", r.SignInAttempts},
		{"stranger-attempts", r.StrangerAttempts},
		{"source-attempts", r.SourceAttempts},
	}
	for _, n := range numbers {
		if n.value < 1 {
			return fmt.Errorf("--%s: must be one or more", n.flag)
		}
	}
	if r.PasswordMinLength < 8 || r.PasswordMinLength > 64 {
		return errors.New("--password-min-length: must be from 8 to 64")
	}
	if err := checkLine(r.SupportContact); err != nil {
		return fmt.Errorf("--support-contact: %w", err)
	}
	return nil
}
