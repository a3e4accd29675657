package directory

import (
	"crypto/hmac"
	"crypto/sha256"

	"posta/sasl"
)

// fakes answers SCRAM for users who are not there, always the same for the same
// name and also after a restart, so that the answer tells nobody who is there
// (RFC 5802 §9). No password fits the keys: they are nobody's hash.
type fakes struct {
	key        []byte
	iterations int
}

func (f fakes) part(what, user string) []byte {
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte(what))
	mac.Write([]byte{0})
	mac.Write([]byte(user))
	return mac.Sum(nil)
}

func (f fakes) verifier(user string) sasl.Verifier {
	return sasl.Verifier{Salt: f.part("salt", user)[:saltSize], Iterations: f.iterations,
		StoredKey: f.part("stored", user), ServerKey: f.part("server", user)}
}

// locked gives an account's true salt with keys that no password fits: whether
// it is disabled is not to be seen from outside.
func (f fakes) locked(user string, v sasl.Verifier) sasl.Verifier {
	out := f.verifier(user)
	if len(v.Salt) > 0 {
		out.Salt, out.Iterations = v.Salt, v.Iterations
	}
	return out
}
