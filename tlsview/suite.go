package tlsview

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"

	"golang.org/x/crypto/chacha20poly1305"
)

// suite is what opens records of a cipher suite.
type suite struct {
	aead     func(key []byte) (cipher.AEAD, error)
	key      int // octets
	salt     int // octets of the nonce that come from the keys
	explicit int // octets of it that stand in each record
	hash     func() hash.Hash
}

// suiteOf finds an AEAD suite, nil for others: those of RFC 8446 §B.4, and of
// TLS 1.2 AES-GCM (RFC 5288, RFC 5289, RFC 5487, RFC 8442) and ChaCha20-Poly1305
// (RFC 7905).
func suiteOf(id uint16) *suite {
	switch id {
	case 0x1301:
		return &suite{aesGCM, 16, 12, 0, sha256.New}
	case 0x1302:
		return &suite{aesGCM, 32, 12, 0, sha512.New384}
	case 0x1303, 0xcca8, 0xcca9, 0xccaa, 0xccab, 0xccac, 0xccad, 0xccae:
		return &suite{chacha20poly1305.New, chacha20poly1305.KeySize, 12, 0, sha256.New}
	case 0xc02b, 0xc02d, 0xc02f, 0xc031, 0xd001:
		return &suite{aesGCM, 16, 4, 8, sha256.New}
	case 0xc02c, 0xc02e, 0xc030, 0xc032, 0xd002:
		return &suite{aesGCM, 32, 4, 8, sha512.New384}
	}
	if id >= 0x009c && id <= 0x00ad {
		if id%2 == 0 {
			return &suite{aesGCM, 16, 4, 8, sha256.New}
		}
		return &suite{aesGCM, 32, 4, 8, sha512.New384}
	}
	return nil
}

func aesGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// opener opens records with one key.
type opener struct {
	aead     cipher.AEAD
	iv       []byte
	explicit int
}

// opener13 makes one of a traffic secret (RFC 8446 §7.3), nil where the secret
// is not of this suite.
func (s *suite) opener13(secret []byte) *opener {
	if len(secret) != s.hash().Size() {
		return nil
	}
	aead, err := s.aead(s.expand(secret, "key", s.key))
	if err != nil {
		return nil
	}
	return &opener{aead: aead, iv: s.expand(secret, "iv", 12)}
}

// expand is HKDF-Expand-Label without a context (RFC 8446 §7.1).
func (s *suite) expand(secret []byte, label string, n int) []byte {
	label = "tls13 " + label
	info := append(binary.BigEndian.AppendUint16(nil, uint16(n)), byte(len(label)))
	info = append(append(info, label...), 0)
	out, err := hkdf.Expand(s.hash, secret, string(info), n)
	if err != nil { // n is far below 255 hashes
		return make([]byte, n)
	}
	return out
}

// openers12 makes those of client and server of a master secret (RFC 5246 §6.3).
func (s *suite) openers12(master []byte, client, server []byte) (both [2]*opener) {
	seed := append(append([]byte("key expansion"), server...), client...)
	block := s.prf(master, seed, 2*(s.key+s.salt))
	keys, salts := block[:2*s.key], block[2*s.key:]
	for i := range both {
		aead, err := s.aead(keys[i*s.key : (i+1)*s.key])
		if err != nil {
			return both
		}
		both[i] = &opener{aead: aead, iv: salts[i*s.salt : (i+1)*s.salt], explicit: s.explicit}
	}
	return both
}

// prf is P_hash (RFC 5246 §5).
func (s *suite) prf(secret, seed []byte, n int) (out []byte) {
	sum := func(parts ...[]byte) []byte {
		h := hmac.New(s.hash, secret)
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	for a := sum(seed); len(out) < n; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:n]
}

// open13 opens a record of TLS 1.3 (RFC 8446 §5.2), and gives what type its
// content is of.
func (o *opener) open13(record []byte, seq uint64) (clear []byte, kind ContentType, ok bool) {
	clear, err := o.aead.Open(nil, o.nonce(seq), record[HeaderLen:], record[:HeaderLen])
	if err != nil {
		return nil, 0, false
	}
	end := len(clear)
	for end > 0 && clear[end-1] == 0 { // padding (§5.4)
		end--
	}
	if end == 0 {
		return nil, 0, false
	}
	return clear[:end-1], ContentType(clear[end-1]), true
}

// open12 opens a record of TLS 1.2 (RFC 5246 §6.2.3.3).
func (o *opener) open12(record []byte, seq uint64) (clear []byte, ok bool) {
	n := len(record) - HeaderLen - o.explicit - o.aead.Overhead()
	if n < 0 {
		return nil, false
	}
	more := append(binary.BigEndian.AppendUint64(nil, seq), record[:3]...)
	more = binary.BigEndian.AppendUint16(more, uint16(n))
	var nonce []byte
	if o.explicit > 0 {
		nonce = append(append(nonce, o.iv...), record[HeaderLen:HeaderLen+o.explicit]...)
	} else {
		nonce = o.nonce(seq)
	}
	clear, err := o.aead.Open(nil, nonce, record[HeaderLen+o.explicit:], more)
	return clear, err == nil
}

// nonce is the sequence number over the IV (RFC 8446 §5.3, RFC 7905 §2).
func (o *opener) nonce(seq uint64) []byte {
	nonce := append([]byte(nil), o.iv...)
	for i := range 8 {
		nonce[len(nonce)-1-i] ^= byte(seq >> (8 * i))
	}
	return nonce
}
