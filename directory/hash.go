package directory

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost says how hard a password is to guess from what is kept of it.
type Cost struct {
	Memory     uint32 // KiB of argon2id; 19,456 (19 MiB)
	Time       uint32 // its passes; 2
	Iterations int    // of SCRAM's PBKDF2; 100,000
}

func (c Cost) filled() Cost {
	if c.Memory == 0 {
		c.Memory = 19 << 10
	}
	if c.Time == 0 {
		c.Time = 2
	}
	if c.Iterations == 0 {
		c.Iterations = 100_000
	}
	return c
}

// phc is an argon2id hash in its parts.
type phc struct {
	memory, time uint32
	lanes        uint8
	salt, key    []byte
}

// Bounds of a hash that is believed: a row of the store must not take the house's memory.
const (
	maxMemory = 1 << 20 // KiB
	maxTime   = 64
)

func (c Cost) hash(password string) phc {
	p := phc{memory: c.Memory, time: c.Time, lanes: 1, salt: make([]byte, 16)}
	rand.Read(p.salt)
	p.key = p.derive(password, 32)
	return p
}

func (p phc) derive(password string, n int) []byte {
	return argon2.IDKey([]byte(password), p.salt, p.time, p.memory, p.lanes, uint32(n))
}

func (p phc) fits(password string) bool {
	return subtle.ConstantTimeCompare(p.derive(password, len(p.key)), p.key) == 1
}

func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.lanes,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.key))
}

// parsePHC reads what String writes. Its errors do not quote the hash.
func parsePHC(s string) (phc, error) {
	var p phc
	var version int
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return p, fmt.Errorf("the password hash is not $argon2id$v=…$m=…,t=…,p=…$salt$key")
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return p, fmt.Errorf("the password hash has an unknown version of argon2")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.lanes); err != nil {
		return p, fmt.Errorf("the password hash has malformed parameters")
	}
	if p.memory < 8*uint32(p.lanes) || p.memory > maxMemory || p.time < 1 || p.time > maxTime || p.lanes < 1 {
		return p, fmt.Errorf("the password hash has parameters out of bounds")
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(p.salt) < 8 {
		return p, fmt.Errorf("the password hash has a malformed salt")
	}
	if p.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(p.key) < 16 || len(p.key) > 64 {
		return p, fmt.Errorf("the password hash has a malformed key")
	}
	if p.String() != s {
		return p, fmt.Errorf("the password hash has something that does not belong there")
	}
	return p, nil
}
