package api

import "time"

// examples are what the calls that everybody begins with take and answer, in
// the types they really have.
var examples = map[string]struct{ in, out any }{
	"POST /api/v1/sessions": {
		signInBody{Tenant: "acme-corp", Email: "support@acme-corp.test", Password: "sunny harbour 42"}, exampleGrant,
	},
	"POST /api/v1/sessions/refresh":    {refreshBody{RefreshToken: exampleGrant.RefreshToken}, exampleGrant},
	"GET /api/v1/sessions/current":     {nil, currentAnswer{exampleGrant.Session, exampleGrant.User, exampleGrant.Tenant, []string{"users.read", "users.write"}}},
	"POST /api/v1/me/initial-password": {initialPasswordBody{ChangeToken: "chg_…", NewPassword: "quiet lantern 88"}, exampleGrant},
}

var (
	exampleTime  = time.Date(2026, time.November, 22, 9, 30, 0, 0, time.UTC)
	exampleGrant = grantAnswer{
		AccessToken: "eyJ…", TokenType: "Bearer", ExpiresIn: 299, RefreshToken: "rft_…",
		Session: sessionAnswer{
			ID: "ses_01a200cd5c0376b588f18f6fb584dc0f", Kind: "program", Current: true, SignedInAt: exampleTime, LastActive: exampleTime,
			IdleEnd: exampleTime.Add(4 * time.Hour), End: exampleTime.AddDate(0, 0, 7), Address: "192.0.2.1", UserAgent: "example/1",
		},
		User: userAnswer{
			ID: "usr_01a200cd5c0376b588f18f6fb584dc10", Name: "Acme Support", Email: "support@acme-corp.test", Role: "manager", Status: "active",
			LastSignIn: &exampleTime, CreatedAt: exampleTime.AddDate(0, -1, 0),
		},
		Tenant: tenantAnswer{ID: "ten_01a200cd5c0376b588f18f6fb584dc11", Slug: "acme-corp", Name: "Acme Corporation", Style: "workspace"},
	}
)
