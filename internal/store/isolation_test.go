package store_test

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// The two kinds of methods, by what twins can show of them. A method in
// neither table, nor among those that touch no rows, fails the test.
var (
	touchNoRows = map[string]bool{"ID": true, "Keys": true, "Nowhere": true, "Stage": true, "Once": true, "Exec": true, "Raw": true} // the last two are the tests' own

	reads = map[string]func(context.Context, store.Tenant) (seen bool, err error){
		"Letter": saw(func(ctx context.Context, t store.Tenant) (identity.Letter, error) { return t.Letter(ctx, "tsk_letter") }),
		"Letters": sawAny(func(ctx context.Context, t store.Tenant) ([]identity.Letter, error) {
			return t.Letters(ctx, identity.Letter{}, 9)
		}),
		"FindLetters": sawAny(func(ctx context.Context, t store.Tenant) ([]identity.Letter, error) {
			return t.FindLetters(ctx, store.LetterQuery{Search: "x.test", Limit: 9})
		}),
		"Get":  saw(func(ctx context.Context, t store.Tenant) (identity.Tenant, error) { return t.Get(ctx) }),
		"User": saw(func(ctx context.Context, t store.Tenant) (identity.User, error) { return t.User(ctx, "usr_ann") }),
		"UserByEmail": saw(func(ctx context.Context, t store.Tenant) (identity.User, error) {
			return t.UserByEmail(ctx, "ann@x.test")
		}),
		"UserByExtension": saw(func(ctx context.Context, t store.Tenant) (identity.User, error) { return t.UserByExtension(ctx, "201") }),
		"Holders": func(ctx context.Context, t store.Tenant) (bool, error) {
			ann := identity.User{ID: "usr_new", Email: identity.EmailAddress{Folded: "ann@x.test"}, Extension: "201"}
			byEmail, byExtension, err := t.Holders(ctx, ann)
			return byEmail.ID != "" || byExtension.ID != "", err
		},
		"Users": sawAny(func(ctx context.Context, t store.Tenant) ([]identity.User, error) { return t.Users(ctx, "", 9) }),
		"FindUsers": sawAny(func(ctx context.Context, t store.Tenant) ([]identity.User, error) {
			return t.FindUsers(ctx, store.UserQuery{Limit: 9})
		}),
		"CountUsers": func(ctx context.Context, t store.Tenant) (bool, error) {
			n, err := t.CountUsers(ctx, noon)
			return n != store.UserCounts{}, err
		},
		"UserEvents": sawAny(func(ctx context.Context, t store.Tenant) ([]identity.Event, error) {
			return t.UserEvents(ctx, "usr_ann", 9)
		}),
		"UserHashes": sawAny(func(ctx context.Context, t store.Tenant) ([]store.UserHash, error) { return t.UserHashes(ctx, "", 9) }),
		"CandidateByEmail": sawCandidate(func(ctx context.Context, t store.Tenant, name string) (store.Candidate, error) {
			return t.CandidateByEmail(ctx, name+"@x.test", secret.DefaultParams)
		}, "ann", "aaa", "zoe"),
		"CandidateByExtension": sawCandidate(func(ctx context.Context, t store.Tenant, name string) (store.Candidate, error) {
			return t.CandidateByExtension(ctx, name, secret.DefaultParams)
		}, "201", "100", "300"),
		"PasswordHash": saw(func(ctx context.Context, t store.Tenant) (secret.Hash, error) { return t.PasswordHash(ctx, "usr_ann") }),
		"Nameless": func(ctx context.Context, t store.Tenant) (bool, error) {
			noEmail, noExtension, err := t.Nameless(ctx)
			return noEmail+noExtension > 0, err
		},
		"KnownBrowser": func(ctx context.Context, t store.Tenant) (bool, error) { return t.KnownBrowser(ctx, "usr_ann", "bro") },
		"Events":       sawAny(func(ctx context.Context, t store.Tenant) ([]identity.Event, error) { return t.Events(ctx, "", 9) }),
		"FindEvents": sawAny(func(ctx context.Context, t store.Tenant) ([]store.TrailEvent, error) {
			return t.FindEvents(ctx, store.EventQuery{User: "usr_ann", Limit: 9})
		}),
		"ChainHead": func(ctx context.Context, t store.Tenant) (bool, error) {
			h, err := t.ChainHead(ctx)
			return h.Place > 0, err
		},
		"ChainLines": sawAny(func(ctx context.Context, t store.Tenant) ([]store.ChainLine, error) { return t.ChainLines(ctx, 0, 9) }),
		"ChainLinesOf": sawAny(func(ctx context.Context, t store.Tenant) ([]store.ChainLine, error) {
			return t.ChainLinesOf(ctx, "usr_ann", "", 9)
		}),
		"UnsealedEvents": sawAny(func(ctx context.Context, t store.Tenant) ([]store.ChainLine, error) { return t.UnsealedEvents(ctx, 9) }),
		"StrayEvent":     saw(func(ctx context.Context, t store.Tenant) (identity.EventID, error) { return t.StrayEvent(ctx) }),
		"Taken": func(ctx context.Context, t store.Tenant) (bool, error) {
			taken, err := t.Taken(ctx, []string{"ann@x.test"}, []string{"201"}, noon)
			return len(taken) > 0, err
		},
		"OpenImports": sawAny(func(ctx context.Context, t store.Tenant) ([]identity.ImportID, error) {
			return t.OpenImports(ctx, noon.Add(time.Hour))
		}),
		"FinishedImports": func(ctx context.Context, t store.Tenant) (bool, error) {
			n, err := t.FinishedImports(ctx)
			return n > 0, err
		},
		"Tries": func(ctx context.Context, t store.Tenant) (bool, error) {
			n, _, err := t.Tries(ctx, "subject")
			return n > 0, err
		},
		"WaitingUntil": func(ctx context.Context, t store.Tenant) (bool, error) {
			until, err := t.WaitingUntil(ctx, []store.Lane{fullLane}, noon)
			return !until.IsZero(), err
		},
		"FindLink": saw(func(ctx context.Context, t store.Tenant) (identity.Link, error) {
			return t.FindLink(ctx, identity.ResetLink, aLinkID)
		}),
		"LivingLink": saw(func(ctx context.Context, t store.Tenant) (identity.Link, error) {
			return t.LivingLink(ctx, "usr_ann", identity.ResetLink, noon)
		}),
		"Invitation": saw(func(ctx context.Context, t store.Tenant) (identity.Invitation, error) {
			return t.Invitation(ctx, "inn_1")
		}),
		"InvitationOf": saw(func(ctx context.Context, t store.Tenant) (identity.Invitation, error) {
			return t.InvitationOf(ctx, invitedLinkID)
		}),
		"OpenInvitation": saw(func(ctx context.Context, t store.Tenant) (identity.Invitation, error) {
			return t.OpenInvitation(ctx, "usr_ann")
		}),
		"Invitations": sawAny(func(ctx context.Context, t store.Tenant) ([]identity.Invitation, error) {
			return t.Invitations(ctx, "", 9)
		}),
		"SigningKeys": sawAny(func(ctx context.Context, t store.Tenant) ([]store.SigningKey, error) { return t.SigningKeys(ctx) }),
		"LiveSession": saw(func(ctx context.Context, t store.Tenant) (store.Live, error) {
			return t.LiveSession(ctx, "ses_p", noon)
		}),
		"SessionOwner": saw(func(ctx context.Context, t store.Tenant) (identity.UserID, error) {
			return t.SessionOwner(ctx, "ses_b")
		}),
		"KeptForm": saw(func(ctx context.Context, t store.Tenant) (identity.KeptForm, error) {
			return t.KeptForm(ctx, "usr_ann", "frm_1", noon)
		}),
		"Sessions": sawAny(func(ctx context.Context, t store.Tenant) ([]identity.Session, error) {
			return t.Sessions(ctx, "usr_ann", noon)
		}),
		"OperatorToken": saw(func(ctx context.Context, t store.Tenant) (string, error) {
			_, hash, err := t.OperatorToken(ctx, "opt_1")
			return hash, err
		}),
		"OperatorTokens": sawAny(func(ctx context.Context, t store.Tenant) ([]identity.OperatorToken, error) {
			return t.OperatorTokens(ctx)
		}),
		"Role": saw(func(ctx context.Context, t store.Tenant) (identity.Role, error) { return t.Role(ctx, "support") }),
		"HeldRole": func(ctx context.Context, t store.Tenant) (bool, error) {
			r, err := t.HeldRole(ctx, "support")
			return r.Name != "", err
		},
		"Roles": func(ctx context.Context, t store.Tenant) (bool, error) {
			list, err := t.Roles(ctx)
			return list.Named("support").Name != "", err
		},
		"CountHolders": func(ctx context.Context, t store.Tenant) (bool, error) {
			by, err := t.CountHolders(ctx)
			return len(by) > 0, err
		},
		"Logo": saw(func(ctx context.Context, t store.Tenant) (store.Logo, error) { return t.Logo(ctx) }),
		"OtherAdmins": func(ctx context.Context, t store.Tenant) (seen bool, err error) {
			err = t.Tx(ctx, func(tx *store.Tx) error {
				n, err := tx.OtherAdmins(ctx, "usr_bob")
				seen = n > 0
				return err
			})
			return seen, err
		},
		"ReplayedBy": saw(func(ctx context.Context, t store.Tenant) (user identity.UserID, err error) {
			err = t.Tx(ctx, func(tx *store.Tx) error {
				user, err = tx.ReplayedBy(ctx, "ses_r", 0)
				return err
			})
			return user, err
		}),
	}

	later = noon.Add(time.Minute)

	writes = map[string]func(context.Context, store.Tenant) error{
		"Place": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.Place(ctx, store.ChainHead{Place: 2}, []store.ChainLine{aPlace(3, "evt_0")})
		}),
		"GiveUp": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.GiveUp(ctx, store.ChainHead{}, store.ChainHead{BasePlace: 1, BaseMAC: []byte("m"), BaseSeal: []byte("s")})
		}),
		"Erase": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.Erase(ctx, store.ChainLine{EventID: "evt_1", Salt: []byte{}, Personal: []byte("p"), Erased: []byte("e")})
		}),
		"SetLetter": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetLetter(ctx, identity.Task{ID: "tsk_letter", User: "usr_ann"}, store.Delivery{State: identity.LetterSent, At: later})
		}),
		"BounceLetter": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.BounceLetter(ctx, "tsk_sent", "550 no such user", later)
			return err
		}),
		"SetMailTrouble": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetMailTrouble(ctx, "usr_ann", "ann@x.test", identity.MailTrouble{Kind: identity.MailBounced, At: later})
		}),
		"ExpireLetters": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.ExpireLetters(ctx, later, later, 9)
			return err
		}),
		"SweepTasks": in(func(ctx context.Context, tx *store.Tx) error { _, err := tx.SweepTasks(ctx, later, 9); return err }),
		"Enqueue": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterReset, User: "usr_ann", At: noon})
		}),
		"ClaimTasks": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.ClaimTasks(ctx, true, later, later.Add(time.Minute), 9)
			return err
		}),
		"FinishTask": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.FinishTask(ctx, identity.Task{ID: "tsk_request"})
		}),
		"PutOffTask": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutOffTask(ctx, identity.Task{ID: "tsk_request"}, later)
		}),
		"Tx": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.AddEvent(ctx, identity.Event{Kind: "k", At: noon})
		}),
		"ReserveTry": func(ctx context.Context, t store.Tenant) error {
			_, err := t.ReserveTry(ctx, someLanes, later)
			return err
		},
		"CountFailure": in(func(ctx context.Context, tx *store.Tx) error { return tx.CountFailure(ctx, someLanes, later) }),
		"RefreshSession": func(ctx context.Context, t store.Tenant) error {
			_, err := t.RefreshSession(ctx, store.Refresh{Session: "ses_p", Now: later, IdleEnd: later.Add(time.Hour)})
			return err
		},
		"Add": func(ctx context.Context, t store.Tenant) error { return nil }, // storetest.AddTenant has done it, twice
		"Set": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.Set(ctx, identity.Tenant{Name: "New", Style: identity.Email, Status: identity.TenantSuspended})
		}),
		"Lock": in(func(ctx context.Context, tx *store.Tx) error { return tx.Lock(ctx) }),
		"AddUser": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.AddUser(ctx, identity.User{ID: "usr_new", Email: identity.EmailAddress{Typed: "n@x.test", Folded: "n@x.test"}}, aHash)
		}),
		"SetUser": in(func(ctx context.Context, tx *store.Tx) error {
			after := ann()
			after.Name, after.Email, after.Role = "Anna", identity.EmailAddress{Typed: "a2@x.test", Folded: "a2@x.test"}, identity.Member
			return tx.SetUser(ctx, ann(), after, later)
		}),
		"Describe": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.Describe(ctx, identity.User{ID: "usr_ann", Name: "Anna", Language: "id", TimeZone: "Asia/Jakarta"})
		}),
		"SetStatus": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetStatus(ctx, "usr_ann", identity.Deactivated)
		}),
		"SetPassword": in(func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, "usr_ann", 0, aHash, true) }),
		"FollowPassword": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.FollowPassword(ctx, "ses_b", identity.Session{ID: "ses_b2", UserID: "usr_ann", Credential: 7})
		}),
		"Rehash":     in(func(ctx context.Context, tx *store.Tx) error { return tx.Rehash(ctx, "usr_ann", 0, "") }),
		"SignIn":     in(func(ctx context.Context, tx *store.Tx) error { return tx.SignIn(ctx, "usr_ann", 0, later) }),
		"DeleteUser": in(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, ann()) }),
		"AddBrowser": in(func(ctx context.Context, tx *store.Tx) error { return tx.AddBrowser(ctx, "usr_ann", "bro", later) }),
		"AddEvent": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.AddEvent(ctx, identity.Event{Kind: "k", At: noon})
		}),
		"StartImport": in(func(ctx context.Context, tx *store.Tx) error { return tx.StartImport(ctx, "imp_new", noon) }),
		"FinishImport": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.FinishImport(ctx, "imp_open", noon)
		}),
		"AddImported": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.AddImported(ctx, "imp_open", tx.Stage("imp_open", []store.UserHash{imported("usr_new")}), later)
		}),
		"GiveUpImport": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.GiveUpImport(ctx, "imp_open", later)
			return err
		}),
		"DropImported": in(func(ctx context.Context, tx *store.Tx) error {
			_, gerr := tx.GiveUpImport(ctx, "imp_open", later)
			_, err := tx.DropImported(ctx, "imp_open")
			return errors.Join(gerr, err)
		}),
		"SettleImported": in(func(ctx context.Context, tx *store.Tx) error { _, err := tx.SettleImported(ctx); return err }),
		"EnsureLink": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.EnsureLink(ctx, identity.Link{ID: thirdLinkID, User: "usr_ann", Purpose: identity.UndoLink, CreatedAt: noon, ExpiresAt: later})
			return err
		}),
		"ReplaceLink": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.ReplaceLink(ctx, identity.Link{ID: thirdLinkID, User: "usr_ann", Purpose: identity.ResetLink, CreatedAt: noon, ExpiresAt: later})
		}),
		"UseLink": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.UseLink(ctx, identity.ResetLink, aLinkID, identity.Active, noon)
			return err
		}),
		"OpenLink":    in(func(ctx context.Context, tx *store.Tx) error { return tx.OpenLink(ctx, aLinkID, noon) }),
		"EndLinks":    in(func(ctx context.Context, tx *store.Tx) error { return tx.EndLinks(ctx, "usr_ann", noon) }),
		"EndAllLinks": in(func(ctx context.Context, tx *store.Tx) error { return tx.EndAllLinks(ctx, noon) }),
		"EndLink": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.EndLink(ctx, "usr_ann", identity.ResetLink, noon)
		}),
		"SweepLinks": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.SweepLinks(ctx, later.Add(time.Hour), 9)
			return err
		}),
		"Hold": in(func(ctx context.Context, tx *store.Tx) error { // which changes nothing
			return errors.Join(tx.Hold(ctx, "usr_ann"), tx.Lock(ctx))
		}),
		"HoldUser": in(func(ctx context.Context, tx *store.Tx) error { // which changes nothing
			return errors.Join(tx.HoldUser(ctx, "usr_ann", identity.Active), tx.Lock(ctx))
		}),
		"ChoosePassword": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.ChoosePassword(ctx, "usr_ann", identity.Active, 0, aHash)
		}),
		"Rename": in(func(ctx context.Context, tx *store.Tx) error { return tx.Rename(ctx, "usr_ann", "Anna") }),
		"LimitInitial": in(func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.SetPassword(ctx, "usr_ann", 0, aHash, true), tx.LimitInitial(ctx, "usr_ann", later))
		}),
		"ReserveLetter": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.ReserveLetter(ctx, "usr_ann", identity.ResetLink, noon)
			return err
		}),
		"ReserveCaused": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.ReserveCaused(ctx, "ann@x.test", noon)
			return err
		}),
		"AddInvitation": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.AddInvitation(ctx, identity.Invitation{ID: "inn_2", User: "usr_bob", CreatedAt: noon})
		}),
		"RelinkInvitation": in(func(ctx context.Context, tx *store.Tx) error { return tx.RelinkInvitation(ctx, "inn_1", "lnk_other") }),
		"AcceptInvitation": in(func(ctx context.Context, tx *store.Tx) error { return tx.AcceptInvitation(ctx, invitedLinkID, noon) }),
		"RevokeInvitation": in(func(ctx context.Context, tx *store.Tx) error { return tx.RevokeInvitation(ctx, "inn_1", noon) }),
		"SweepInvitations": in(func(ctx context.Context, tx *store.Tx) error {
			err := tx.AcceptInvitation(ctx, invitedLinkID, noon)
			_, serr := tx.SweepInvitations(ctx, later, 9)
			return errors.Join(err, serr)
		}),
		"AddSigningKey": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.AddSigningKey(ctx, store.SigningKey{ID: "key_2"})
		}),
		"RevokeSigningKey": in(func(ctx context.Context, tx *store.Tx) error { return tx.RevokeSigningKey(ctx, "key_1", noon) }),
		"DeleteSigningKey": in(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteSigningKey(ctx, "key_1") }),
		"RefundTry":        in(func(ctx context.Context, tx *store.Tx) error { return tx.RefundTry(ctx, someLanes, noon) }),
		"ClearLanes":       in(func(ctx context.Context, tx *store.Tx) error { return tx.ClearLanes(ctx, "subject") }),
		"SweepLanes":       in(func(ctx context.Context, tx *store.Tx) error { _, err := tx.SweepLanes(ctx, later, 9); return err }),
		"AddSession": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.AddSession(ctx, aSession("ses_new", identity.Program))
		}),
		"Touch": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.Touch(ctx, "ses_b", later, later.Add(time.Hour))
		}),
		"EndSession":     in(func(ctx context.Context, tx *store.Tx) error { return tx.EndSession(ctx, "ses_b", noon) }),
		"EndUserSession": in(func(ctx context.Context, tx *store.Tx) error { return tx.EndUserSession(ctx, "usr_ann", "ses_b", noon) }),
		"EndSessions": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.EndSessions(ctx, "usr_ann", "", noon)
			return err
		}),
		"EndAllSessions": in(func(ctx context.Context, tx *store.Tx) error { _, err := tx.EndAllSessions(ctx, noon); return err }),
		"KeepForm": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.KeepForm(ctx, identity.KeptForm{ID: "frm_2", User: "usr_ann", ExpiresAt: later})
		}),
		"SweepKeptForms": in(func(ctx context.Context, tx *store.Tx) error { _, err := tx.SweepKeptForms(ctx, later, 9); return err }),
		"SetLogo": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetLogo(ctx, store.Logo{Fingerprint: "bb", Picture: []byte("other")})
		}),
		"DropLogo": in(func(ctx context.Context, tx *store.Tx) error { return tx.DropLogo(ctx) }),
		"AddOperatorToken": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.AddOperatorToken(ctx, identity.OperatorToken{ID: "opt_2", Name: "New", CreatedAt: noon}, "hash")
		}),
		"TouchOperatorToken":   in(func(ctx context.Context, tx *store.Tx) error { return tx.TouchOperatorToken(ctx, "opt_1", later) }),
		"RevokeOperatorToken":  in(func(ctx context.Context, tx *store.Tx) error { return tx.RevokeOperatorToken(ctx, "opt_1", later) }),
		"RevokeOperatorTokens": in(func(ctx context.Context, tx *store.Tx) error { return tx.RevokeOperatorTokens(ctx, later) }),
		"TakeOnce": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.TakeOnce(ctx, aRequest, later, later, later)
			return err
		}),
		"KeepOnce":    in(func(ctx context.Context, tx *store.Tx) error { return tx.KeepOnce(ctx, aRequest, []byte("{}")) }),
		"ReleaseOnce": in(func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseOnce(ctx, aRequest) }),
		"SweepOnce":   in(func(ctx context.Context, tx *store.Tx) error { _, err := tx.SweepOnce(ctx, later, 9); return err }),
		"AddRole":     in(func(ctx context.Context, tx *store.Tx) error { return tx.AddRole(ctx, identity.Role{Name: "desk"}) }),
		"SetRole": in(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetRole(ctx, identity.Role{Name: "support", Rank: 7})
		}),
		"DeleteRole": in(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteRole(ctx, "support") }),
		"SweepSessions": in(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.SweepSessions(ctx, noon.Add(1000*time.Hour), 9)
			return err
		}),
	}
)
