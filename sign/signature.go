package sign

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// signature makes a DKIM-Signature field with its line end (RFC 6376 §3.5).
func signature(k ready, domain string, at time.Time, bodyHash []byte, fields map[string][]string) (string, error) {
	algorithm, how := "rsa-sha256", crypto.SHA256
	if _, ok := k.signer.Public().(ed25519.PublicKey); ok {
		algorithm, how = "ed25519-sha256", crypto.Hash(0) // RFC 8463 §3: of the hash, as if it were the message
	}
	f := folded{text: "DKIM-Signature:", column: len("DKIM-Signature:")}
	for _, tag := range []string{"v=1", "a=" + algorithm, "c=relaxed/relaxed", "d=" + domain, "s=" + k.selector, fmt.Sprintf("t=%d", at.Unix())} {
		f.add(" ", tag+";")
	}
	for i, name := range signed() {
		before, end := "", ":"
		if i == 0 {
			before, name = " ", "h="+name
		}
		if i == len(signed())-1 {
			end = ";"
		}
		f.add(before, name+end)
	}
	f.add(" ", "bh="+base64.StdEncoding.EncodeToString(bodyHash)+";")
	f.add(" ", "b=")
	sum := sha256.New()
	used := map[string]int{}
	for _, name := range signed() {
		key := strings.ToLower(name)
		if n := used[key]; n < len(fields[key]) {
			_, _ = sum.Write([]byte(relaxed(fields[key][n]) + "\r\n")) // never fails
			used[key]++
		}
	}
	_, _ = sum.Write([]byte(relaxed(f.text)))
	proof, err := k.signer.Sign(rand.Reader, sum.Sum(nil), how)
	if err != nil {
		return "", fmt.Errorf("sign: %s: %w", domain, err)
	}
	for text := base64.StdEncoding.EncodeToString(proof); text != ""; {
		n := min(len(text), lineMost-1)
		if room := lineMost - f.column; room >= leastPiece {
			n = min(len(text), room)
		}
		f.add("", text[:n])
		text = text[n:]
	}
	return f.text + "\r\n", nil
}

const (
	lineMost   = 76 // octets of a line, within RFC 5322 §2.1.1
	leastPiece = 16 // of a signature, at a line's end
)

// folded is a field in the making, in lines that everybody takes.
type folded struct {
	text   string
	column int
}

// add adds a part that stays together, behind a blank where one belongs.
func (f *folded) add(before, part string) {
	if f.column+len(before)+len(part) > lineMost {
		before = "\r\n\t"
		f.column = 0
	}
	f.text += before + part
	f.column += len(strings.TrimPrefix(before, "\r\n")) + len(part)
}
