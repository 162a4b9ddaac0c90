package secret

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

const (
	taskA identity.TaskID = "tsk_0198f0000000700080000000000000f6"
	taskB identity.TaskID = "tsk_0198f000000070008000000000000117"
)

// Who knows every id there is still cannot say that a letter came back.
//
// Proves: Q7, 4.7
func TestALetterTokenNamesOneLetterOfOneTenant(t *testing.T) {
	keys := fixedKeys()
	token := keys.LetterToken(tenantA, taskA)
	if len("bounce+"+token) > 64 || strings.ToLower(token) != token {
		t.Errorf("%q cannot stand before an @", token)
	}
	if token != keys.LetterToken(tenantA, taskA) {
		t.Error("the same letter has another token")
	}
	hint, task, err := ReadLetterToken(token)
	if err != nil || task != taskA || !strings.HasSuffix(string(tenantA), hint) {
		t.Errorf("it reads as %q, %q (%v)", hint, task, err)
	}
	for name, right := range map[string]bool{
		"the letter":          keys.IsLetterToken(token, tenantA, taskA),
		"another tenant's":    !keys.IsLetterToken(token, tenantB, taskA),
		"another letter":      !keys.IsLetterToken(token, tenantA, taskB),
		"of another database": !NewRoot().Keys().IsLetterToken(token, tenantA, taskA),
	} {
		if !right {
			t.Errorf("%s: judged wrongly", name)
		}
	}
	everyMutation(token, func(altered string) {
		if _, task, err := ReadLetterToken(altered); err == nil && keys.IsLetterToken(altered, tenantA, task) {
			t.Errorf("%q is taken for a token of ours", altered)
		}
	})
}
