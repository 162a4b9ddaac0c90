package policy_test

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// Proves: G3, 5.3
func TestTitlesThatLookAlike(t *testing.T) {
	for _, test := range []struct {
		name, one, other string
		alike            bool
	}{
		{"case", "Support Desk", "SUPPORT desk", true},
		{"case in Cyrillic", "Новый", "НОВЫЙ", true},
		{"case in Greek", "Νέος", "ΝΈΟΣ", true},
		{"fullwidth letters", "Admin", "Ａｄｍｉｎ", true},
		{"mathematical letters", "Admin", "𝐀𝐝𝐦𝐢𝐧", true},
		{"an i without its dot", "Admin", "Admın", true},
		{"an i with two", "Admin", "Admi\u0307n", true},
		{"a thin space", "Admin", "Ad\u200amin", true},
		{"a joiner", "Admin", "Ad\u200dmin", true},
		{"an empty letter", "Admin", "Admin\u3164", true},
		{"two letters that run together", "Modern", "Modem", false},
		{"a word of Cyrillic letters", "TOP", "ТОР", true},
		{"a word of Greek letters", "ANNA", "ΑΝΝΑ", true},
		{"Cyrillic letters all through", "admin", "аԁміп", true},
		{"a capital I for a small l", "Sales", "SaIes", true},
		{"a note that draws nothing", "Desk", "Desk\U0001d159", true},
		{"a mark over a letter", "Desk", "Desk\u0338", true},
		{"i and l in other words", "Mail", "Mall", false},
		{"a number", "Desk 1", "Desk l", false},
		{"another word", "Admin", "Admins", false},
		{"the Russian word", "Admin", "Админ", false},
		{"an accent", "Role", "Rôle", false},
	} {
		if got := policy.TitleKey(test.one) == policy.TitleKey(test.other); got != test.alike {
			t.Errorf("%s: %q and %q are alike: %t", test.name, test.one, test.other, got)
		}
	}
}

// Who would be taken for a built-in role gains by it, so less is enough.
//
// Proves: G3, 5.3
func TestTitlesThatResembleABuiltInOne(t *testing.T) {
	for title, want := range map[string]string{
		"Admin": identity.Admin, "Adrnin": identity.Admin, "ADRNIN": identity.Admin, "Аdmin": identity.Admin, "Ａd mın": identity.Admin, "admi\u0307n": identity.Admin,
		"rnanager": identity.Manager, "MANAGER": identity.Manager, "U ser": identity.Member,
		"Adm1n": identity.Admin, "AdmIn": identity.Admin, "Admln": identity.Admin, "Adm|n": identity.Admin, "Manager\U0001d159": identity.Manager, "User\u0338": identity.Member,
		"Administrator": "", "Modern": "", "Manager 2": "",
	} {
		if got := policy.Resembles(title).Name; got != want {
			t.Errorf("%q resembles %q, not %q", title, got, want)
		}
	}
}

// Proves: G3, 5.3
func TestAWordOfATitleIsInOneScript(t *testing.T) {
	for title, allowed := range map[string]bool{
		"Admin": true, "Zoë’s desk 2": true, "Администратор": true, "IT-отдел": true, "HR менеджер": true, "Διευθυντής": true,
		"管理者": true, "サポート担当": true, "Webサポート": true, "관리자": true, "管理자": true, "مدیر": true, "می\u200cخواهم": true, "प्रशासक": true, "5 ★": true, "HR-менеджер": true, "Ọ̀ṣun": true,
		"Аdmin": false, "Managеr": false, "Οffice": false, "Adm\u200dіn": false, "отдеl": false, "Webотдел": false, "А1dmin": false, "А-dmin": false, "А·dmin": false, "А.dmin": false, "ТОР-manager": false, "Ꭺ-dmin": false, "Admin\u0483": false, "サポートд": false,
	} {
		if _, err := policy.ParseTitle(title); (err == nil) != allowed {
			t.Errorf("%q: %v", title, err)
		}
		if kept, err := policy.ParseKeptTitle(title); kept != title || err != nil {
			t.Errorf("%q cannot stay: %v", title, err)
		}
	}
}
